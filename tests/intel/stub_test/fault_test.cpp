// SPDX-License-Identifier: MIT
#include "stub/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <i915_drm.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>

#include "open_node.h"
#include "stub/settings.h"

namespace mrda::stub {
namespace {

using ::testing::Eq;
using ::testing::ExitedWithCode;

TEST(ParseFaults, takes_each_error) {
    for (const auto& [name, error] :
         std::initializer_list<std::pair<const char*, int>>{{"ENOMEM", ENOMEM},
                                                            {"EINVAL", EINVAL},
                                                            {"EIO", EIO},
                                                            {"EINTR", EINTR},
                                                            {"EACCES", EACCES},
                                                            {"ENOSYS", ENOSYS},
                                                            {"ENODEV", ENODEV},
                                                            {"ENOENT", ENOENT}}) {
        const auto faults = parse_faults(std::string("GEM_CREATE:7:") + name);
        ASSERT_EQ(faults.size(), 1U) << name;
        EXPECT_EQ(faults[0].what, "GEM_CREATE");
        EXPECT_EQ(faults[0].when, 7U);
        EXPECT_EQ(faults[0].effect, Fault::Effect::error);
        EXPECT_EQ(faults[0].error, error) << name;
    }
}

TEST(ParseFaults, takes_several_with_stars) {
    const auto faults = parse_faults("*:12:LOST,QUERY:*:HANG,open:*:EACCES");
    ASSERT_EQ(faults.size(), 3U);
    EXPECT_EQ(faults[0].what, "*");
    EXPECT_EQ(faults[0].when, 12U);
    EXPECT_EQ(faults[0].effect, Fault::Effect::lost);
    EXPECT_EQ(faults[1].what, "QUERY");
    EXPECT_EQ(faults[1].when, 0U);
    EXPECT_EQ(faults[1].effect, Fault::Effect::hang);
    EXPECT_EQ(faults[2].what, "open");
    EXPECT_EQ(faults[2].error, EACCES);
}

TEST(ParseFaults, gives_nothing_for_anything_else) {
    for (const char* text : {"",
                             ",",
                             "QUERY",
                             "QUERY:1",
                             "QUERY:1:",
                             "QUERY::EIO",
                             ":1:EIO",
                             "QUERY:0:EIO",
                             "QUERY:-1:EIO",
                             "QUERY:+1:EIO",
                             "QUERY: 1:EIO",
                             "QUERY:1x:EIO",
                             "QUERY:x:EIO",
                             "QUERY:99999999999999999999:EIO",
                             "QUERY:1:EPERM",
                             "QUERY:1:eio",
                             "QUERY:1:5",
                             "QUERY:1:EIO:",
                             "QUERY:1:EIO:LOST",
                             "QUERY:1:EIO,QUERY",
                             "QUERY:1:EIO,,QUERY:2:EIO",
                             ",QUERY:1:EIO"}) {
        EXPECT_TRUE(parse_faults(text).empty()) << text;
    }
}

RC_GTEST_PROP(ParseFaults, reads_any_text_to_its_end, ()) {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("*:,1E0IOxQ")));
    for (const Fault& fault : parse_faults(text)) {
        RC_ASSERT(!fault.what.empty());
        RC_ASSERT(fault.what.find_first_of(":,") == std::string::npos);
        RC_ASSERT(fault.effect != Fault::Effect::error || fault.error == EIO);
    }
}

/// The settings are a process's, and read once: each of these runs in a process of its own.
class FaultsOfAProcess : public ::testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

/// What comes of calls of `names`, and of the device.
[[noreturn]] void make_calls(const char* fail, std::initializer_list<const char*> names) {
    ::setenv(kFailVariable, fail, 1);
    for (const char* name : names) {
        std::fprintf(stderr, "%d ", fault_of(name));
    }
    std::fputs(is_stopped() ? "stopped" : "running", stderr);
    ::_exit(0);
}

std::string outcome(std::initializer_list<int> results, const char* state) {
    std::string text;
    for (const int result : results) {
        text += std::to_string(result) + " ";
    }
    return text + state;
}

void expect_calls(const char* fail, std::initializer_list<const char*> names,
                  const std::string& expected) {
    EXPECT_EXIT(make_calls(fail, names), ExitedWithCode(0), Eq(expected)) << fail;
}

TEST_F(FaultsOfAProcess, are_none_where_none_was_asked_for) {
    expect_calls("", {"QUERY", "open"}, outcome({0, 0}, "running"));
}

TEST_F(FaultsOfAProcess, are_none_where_the_text_is_no_list) {
    expect_calls("QUERY:1:EIO,QUERY", {"QUERY"}, outcome({0}, "running"));
}

TEST_F(FaultsOfAProcess, come_at_the_nth_call_of_that_name_and_no_other) {
    expect_calls("QUERY:2:ENOMEM", {"QUERY", "GETPARAM", "QUERY", "QUERY"},
                 outcome({0, 0, -ENOMEM, 0}, "running"));
}

TEST_F(FaultsOfAProcess, come_at_each_call_where_a_star_stands) {
    expect_calls("QUERY:*:EINTR", {"QUERY", "GETPARAM", "QUERY"},
                 outcome({-EINTR, 0, -EINTR}, "running"));
}

TEST_F(FaultsOfAProcess, come_at_the_nth_ioctl_whatever_its_name_and_opening_is_none) {
    expect_calls("*:3:EINVAL", {"open", "QUERY", "open", "GETPARAM", "GEM_CREATE", "QUERY"},
                 outcome({0, 0, 0, 0, -EINVAL, 0}, "running"));
}

TEST_F(FaultsOfAProcess, come_when_a_node_is_opened) {
    expect_calls("open:2:EACCES", {"open", "QUERY", "open", "open"},
                 outcome({0, 0, -EACCES, 0}, "running"));
}

TEST_F(FaultsOfAProcess, are_counted_apart) {
    expect_calls("QUERY:1:EIO,GETPARAM:2:ENOSYS", {"GETPARAM", "QUERY", "GETPARAM", "QUERY"},
                 outcome({0, -EIO, -ENOSYS, 0}, "running"));
}

TEST_F(FaultsOfAProcess, count_calls_that_another_one_fails) {
    expect_calls("QUERY:1:EIO,*:2:EINVAL", {"QUERY", "GETPARAM", "GETPARAM"},
                 outcome({-EIO, -EINVAL, 0}, "running"));
}

TEST_F(FaultsOfAProcess, lose_the_device_from_that_call_on) {
    expect_calls("QUERY:2:LOST", {"QUERY", "GETPARAM"}, outcome({0, 0}, "running"));
    expect_calls("QUERY:2:LOST", {"QUERY", "QUERY", "GETPARAM"}, outcome({0, 0, 0}, "stopped"));
}

TEST_F(FaultsOfAProcess, leave_a_device_that_hangs_answering) {
    expect_calls("QUERY:2:HANG", {"QUERY", "GETPARAM"}, outcome({0, 0}, "running"));
    expect_calls("QUERY:2:HANG", {"QUERY", "QUERY", "GETPARAM"}, outcome({0, 0, 0}, "stopped"));
}

[[noreturn]] void tell_what_is_lacking(const char* fail) {
    ::setenv(kFailVariable, fail, 1);
    for (const char* name : {"QUERY", "GETPARAM", "GEM_CREATE"}) {
        std::fputs(is_lacking(name) ? "lacking " : "there ", stderr);
    }
    ::_exit(0);
}

TEST_F(FaultsOfAProcess, are_what_the_kernel_lacks_where_each_call_fails) {
    EXPECT_EXIT(tell_what_is_lacking("QUERY:*:ENOSYS,GETPARAM:1:ENOSYS,GEM_CREATE:*:HANG"),
                ExitedWithCode(0), Eq("lacking there there "));
}

[[noreturn]] void create_objects() {
    ::setenv(kFailVariable, "GEM_CREATE:2:ENOMEM", 1);
    test::OpenNode node("adlp");
    for (int i = 0; i < 3; ++i) {
        drm_i915_gem_create asked{4096, 0, 0};
        const int result = node.ioctl(DRM_IOCTL_I915_GEM_CREATE, asked);
        std::fprintf(stderr, "%d handle=%u of %zu, ", result, asked.handle,
                     node.node().handles.size());
    }
    ::_exit(0);
}

TEST_F(FaultsOfAProcess, leave_no_effect_of_the_call_that_failed) {
    EXPECT_EXIT(create_objects(), ExitedWithCode(0),
                Eq("0 handle=1 of 1, -12 handle=0 of 1, 0 handle=2 of 2, "));
}

[[noreturn]] void print_the_trace(const char* fail, std::initializer_list<const char*> names) {
    std::string file = ::testing::TempDir() + "fault_test.XXXXXX";
    const int made = ::mkstemp(file.data());
    ::setenv(kFailVariable, fail, 1);
    ::setenv(kTraceVariable, file.c_str(), 1);
    for (const char* name : names) {
        fault_of(name);
    }
    std::ifstream trace(file);
    const std::string text(std::istreambuf_iterator<char>(trace), {});
    std::fputs(text.c_str(), stderr);
    ::unlink(file.c_str());
    ::_exit(made < 0 ? 1 : 0);
}

TEST_F(FaultsOfAProcess, are_traced_with_their_number) {
    const std::initializer_list<const char*> names{"QUERY", "QUERY", "GETPARAM", "GEM_CREATE"};
    EXPECT_EXIT(print_the_trace("QUERY:2:EIO", names), ExitedWithCode(0),
                Eq("FAULT QUERY number=2\n"));
}

}  // namespace
}  // namespace mrda::stub
