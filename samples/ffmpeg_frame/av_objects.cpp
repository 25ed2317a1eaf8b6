// SPDX-License-Identifier: MIT
#include "av_objects.h"

extern "C" {
#include <libavutil/error.h>
}

#include <array>
#include <cerrno>
#include <utility>

namespace ffmpeg_frame {

mrda::Error av_error(std::string call, int code, const std::string& message) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> words{};
    av_strerror(code, words.data(), words.size());
    // What is no errno is FFmpeg's own, and stands for no kind of error of ours.
    const mrda::Errc kind = mrda::os_error({}, AVUNERROR(code), {}).code;
    return mrda::Error{.code = kind,
                       .api = mrda::Api::av,
                       .native = code,
                       .call = std::move(call),
                       .message = message + ": " + words.data()};
}

mrda::Error av_out_of_memory(std::string call) {
    return av_error(std::move(call), AVERROR(ENOMEM), "libavutil gives nothing");
}

}  // namespace ffmpeg_frame
