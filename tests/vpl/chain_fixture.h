// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "mrda/l0/context.h"
#include "mrda/vaapi/display.h"

namespace mrda::vpl::test {

/// A test on one device, seen by Level Zero and by libva: that of the platform which the
/// environment variable MRDA_TEST_PLATFORM names.
class ChainTest : public testing::Test {
  protected:
    void SetUp() override;

    const l0::Context& context() const { return *context_; }
    const vaapi::Display& display() const { return *display_; }

  private:
    std::optional<l0::Context> context_;
    std::optional<vaapi::Display> display_;
};

}  // namespace mrda::vpl::test
