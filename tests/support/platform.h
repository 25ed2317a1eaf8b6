// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "mrda/interop/platform.h"
#include "mrda/interop/result.h"
#include "mrda/l0/context.h"
#include "mrda/vaapi/display.h"
#include "support/process_counts.h"

namespace mrda::test {

/// Whose drivers this run tests: the software drivers, or where MRDA_TEST_PLATFORM=gpu those of the
/// first GPU that has a render node. With that and no such GPU, the program ends with code 77,
/// which ctest counts as skipped.
Platform platform();

/// False where MRDA_TEST_PIXELS=no says that the device only stands in for one: real drivers give
/// it work, and its engines copy, draw and compute nothing.
bool computes_pixels();

Result<l0::Context> open_context();
Result<vaapi::Display> open_display();

void PrintTo(const ProcessCounts& counts, std::ostream* out);

/// A test on one device.
class DeviceTest : public testing::Test {
  protected:
    void SetUp() override;

    std::optional<l0::Context> context_;
};

/// A test on one display.
class DisplayTest : public testing::Test {
  protected:
    void SetUp() override;

    std::optional<vaapi::Display> display_;
};

}  // namespace mrda::test

/// Leaves a test where all that remains of it is what the device's engines should have done: put it
/// behind everything else that the test expects. Where a list stands at an event it comes before,
/// because Level Zero 22.43 waits in the call.
#define MRDA_NEEDS_PIXELS(why)                                                                \
    do {                                                                                      \
        if (!::mrda::test::computes_pixels()) {                                               \
            GTEST_SKIP() << "the device computes no pixels (MRDA_TEST_PIXELS=no): " << (why); \
        }                                                                                     \
    } while (false)

/// Leaves a test of what the other platform's drivers do not promise.
#define MRDA_ONLY_ON(wanted, why)                                   \
    do {                                                            \
        if (::mrda::test::platform() != ::mrda::Platform::wanted) { \
            GTEST_SKIP() << "only on " #wanted ": " << (why);       \
        }                                                           \
    } while (false)
