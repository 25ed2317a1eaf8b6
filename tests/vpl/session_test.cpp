// SPDX-License-Identifier: MIT
#include "mrda/vpl/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>

#include "chain_fixture.h"
#include "support/platform.h"

namespace mrda::vpl {
namespace {

/// An environment variable for as long as this lives. The dispatcher reads it at each MFXLoad.
class ScopedVariable {
  public:
    ScopedVariable(const char* name, const std::string& value) : name_(name) {
        if (const char* before = std::getenv(name)) {
            before_ = before;
        }
        ::setenv(name, value.c_str(), 1);
    }
    ~ScopedVariable() {
        if (before_) {
            ::setenv(name_, before_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;

  private:
    const char* name_;
    std::optional<std::string> before_;
};

class VplSession : public test::ChainTest {};

TEST_F(VplSession, opens_for_every_codec) {
    for (const Codec codec : {Codec::avc, Codec::hevc, Codec::av1}) {
        const auto session = Session::open(display(), codec);
        if (mrda::test::platform() == Platform::gpu && codec != Codec::avc && !session.ok()) {
            EXPECT_EQ(session.error().code, Errc::not_found);
            EXPECT_THAT(session.error().message, testing::HasSubstr(to_string(codec)));
            continue;  // GPUs differ.
        }
        ASSERT_TRUE(session.ok()) << to_string(codec) << ": " << to_string(session.error());
        EXPECT_NE(session->handle(), nullptr);
        EXPECT_NE(session->implementation().find(", API 2."), std::string::npos)
            << session->implementation();
        const bool silent = mrda::test::platform() == Platform::gpu && session->sizes().empty();
        EXPECT_TRUE(silent || std::regex_match(session->sizes(),
                                               std::regex("[0-9]+x[0-9]+ to [0-9]+x[0-9]+")))
            << session->sizes();
    }
}

TEST_F(VplSession, on_the_software_platform_is_our_own_runtime) {
    MRDA_ONLY_ON(software, "a GPU has a runtime of its own");
    const auto session = Session::open(display(), Codec::avc);
    ASSERT_TRUE(session.ok()) << to_string(session.error());
    EXPECT_EQ(session->implementation().find(std::string(kSoftwareVplName) + ","), 0U)
        << session->implementation();
}

TEST_F(VplSession, can_be_open_twice_at_once) {
    const auto first = Session::open(display(), Codec::avc);
    const auto second = Session::open(display(), Codec::avc);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_NE(first->handle(), second->handle());
}

TEST_F(VplSession, of_a_codec_that_nobody_has_lists_the_implementations_there_are) {
    const auto session = Session::open(display(), static_cast<Codec>(99));
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code, Errc::not_found);
    EXPECT_NE(session.error().message.find("it sees:\n"), std::string::npos)
        << session.error().message;
    if (display().platform() == Platform::software) {
        EXPECT_NE(session.error().message.find(kSoftwareVplName), std::string::npos)
            << session.error().message;
    }
}

TEST_F(VplSession, without_its_runtime_is_not_found_and_says_what_is_there_instead) {
    MRDA_ONLY_ON(software, "a GPU's runtime cannot be hidden by a variable");
    const ScopedVariable elsewhere("ONEVPL_PRIORITY_PATH",
                                   std::filesystem::temp_directory_path() / "mrda-no-runtime");
    const auto session = Session::open(display(), Codec::avc);
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code, Errc::not_found);
    EXPECT_NE(session.error().message.find("h264"), std::string::npos);
    EXPECT_NE(session.error().message.find("it sees"), std::string::npos)
        << session.error().message;
    EXPECT_EQ(session.error().message.find(kSoftwareVplName), std::string::npos)
        << session.error().message;
}

}  // namespace
}  // namespace mrda::vpl
