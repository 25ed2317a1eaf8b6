// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>
#include <va/va_vpp.h>

#include "soft_display.h"

namespace mrda::va_soft {

/// A display with a video processing context on it.
class VideoProcDisplay : public SoftDisplay {
  protected:
    void SetUp() override {
        SoftDisplay::SetUp();
        ASSERT_EQ(
            vaCreateConfig(display_, VAProfileNone, VAEntrypointVideoProc, nullptr, 0, &config_),
            VA_STATUS_SUCCESS);
        ASSERT_EQ(vaCreateContext(display_, config_, 0, 0, VA_PROGRESSIVE, nullptr, 0, &context_),
                  VA_STATUS_SUCCESS);
    }

    /// Begin, render, end: the first refusal, or what vaEndPicture says.
    VAStatus process(VASurfaceID target, VAProcPipelineParameterBuffer parameters) {
        VABufferID buffer = VA_INVALID_ID;
        EXPECT_EQ(vaCreateBuffer(display_, context_, VAProcPipelineParameterBufferType,
                                 sizeof parameters, 1, &parameters, &buffer),
                  VA_STATUS_SUCCESS);
        EXPECT_EQ(vaBeginPicture(display_, context_, target), VA_STATUS_SUCCESS);
        const VAStatus rendered = vaRenderPicture(display_, context_, &buffer, 1);
        const VAStatus ended = vaEndPicture(display_, context_);
        EXPECT_EQ(vaDestroyBuffer(display_, buffer), VA_STATUS_SUCCESS);
        return rendered != VA_STATUS_SUCCESS ? rendered : ended;
    }

    VAConfigID config_ = VA_INVALID_ID;
    VAContextID context_ = VA_INVALID_ID;
};

}  // namespace mrda::va_soft
