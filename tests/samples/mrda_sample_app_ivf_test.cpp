// SPDX-License-Identifier: MIT
#include "mrda_sample_app/ivf.h"

#include <gtest/gtest.h>

#include <string>

namespace mrda_sample_app {
namespace {

template <typename Bytes>
std::string text_of(const Bytes& bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(Ivf, a_file_begins_with_codec_size_and_clock) {
    const std::string header = text_of(ivf_file_header(0x1234, 720));
    EXPECT_EQ(header.substr(0, 12), std::string("DKIF\0\0\x20\0VP90", 12));
    EXPECT_EQ(header.substr(12, 4), std::string("\x34\x12\xd0\x02", 4));
    EXPECT_EQ(header.substr(16, 8), std::string("\x90\x5f\x01\0\x01\0\0\0", 8));
}

TEST(Ivf, a_frame_has_its_size_and_time) {
    const std::string header = text_of(ivf_frame_header(0x010203, (std::int64_t{5} << 32) + 1));
    EXPECT_EQ(header, std::string("\x03\x02\x01\0\x01\0\0\0\x05\0\0\0", 12));
}

}  // namespace
}  // namespace mrda_sample_app
