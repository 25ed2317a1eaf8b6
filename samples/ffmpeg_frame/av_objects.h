// SPDX-License-Identifier: MIT
#pragma once

extern "C" {
#include <libavutil/buffer.h>
#include <libavutil/frame.h>
}

#include <string>

#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"

namespace ffmpeg_frame {

struct AvFramePolicy {
    using Handle = AVFrame*;
    static Handle null() { return nullptr; }
    static void close(Handle frame) { av_frame_free(&frame); }
};
using AvFrame = mrda::Owned<AvFramePolicy>;

/// One reference to a buffer, a device or a frames context, which all are AVBufferRefs.
struct AvBufferPolicy {
    using Handle = AVBufferRef*;
    static Handle null() { return nullptr; }
    static void close(Handle buffer) { av_buffer_unref(&buffer); }
};
using AvBuffer = mrda::Owned<AvBufferPolicy>;

/// An Error from a libavutil call that returned `code`; libavutil's words are appended.
mrda::Error av_error(std::string call, int code, const std::string& message);
/// For calls that return null, and mean by it that there is no memory.
mrda::Error av_out_of_memory(std::string call);

}  // namespace ffmpeg_frame

/// Leaves the function with an Error where `call arguments` returns a code below 0.
#define FFMPEG_FRAME_TRY(call, arguments, message)                      \
    do {                                                                \
        if (const int av_code = call arguments; av_code < 0) {          \
            return ::ffmpeg_frame::av_error(#call, av_code, (message)); \
        }                                                               \
    } while (false)
