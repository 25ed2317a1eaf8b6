// SPDX-License-Identifier: MIT
#include "libraries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "interop/temp_files.h"

namespace mrda::ctl {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Verdict = Finding::Verdict;

Finding row(const std::string& what) {
    const auto findings = libraries();
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [&](const Finding& each) { return each.what == what; });
    EXPECT_NE(found, findings.end()) << what;
    return found == findings.end() ? Finding() : *found;
}

class Libraries : public testing::Test {
  protected:
    ~Libraries() override {
        ::unsetenv("LIBVA_DRIVERS_PATH");
        ::unsetenv("ONEVPL_SEARCH_PATH");
        ::unsetenv("MRDA_DRIVER_DIR");
    }

    TempDir dir_;
};

TEST_F(Libraries, that_load_are_shown_with_the_file_behind_their_name) {
    const std::string link = dir_.path() + "/libalias.so.1";
    std::filesystem::copy_file(MRDA_QUIET_LIBRARY, dir_.path() + "/libquiet.so.1.2.3");
    std::filesystem::create_symlink(dir_.path() + "/libquiet.so.1.2.3", link);
    const Finding found = loads("it", link, "install it");
    EXPECT_EQ(found.verdict, Verdict::works);
    EXPECT_THAT(found.found, EndsWith("/libquiet.so.1.2.3"));
    EXPECT_THAT(found.mend, IsEmpty());
}

TEST_F(Libraries, that_are_not_there_or_none_are_named_with_the_mend) {
    for (const std::string& file :
         {std::string("libnowhere.so.9"), dir_.file("libtext.so", "no library")}) {
        const Finding missing = loads("it", file, "apt install it");
        EXPECT_EQ(missing.verdict, Verdict::missing);
        EXPECT_THAT(missing.found, HasSubstr(file));
        EXPECT_EQ(missing.mend, "apt install it");
    }
}

TEST_F(Libraries, that_crash_are_no_end_of_who_looks) {
    const Finding crashing = loads("it", MRDA_CRASHING_LIBRARY, "apt install it");
    EXPECT_EQ(crashing.verdict, Verdict::missing);
    EXPECT_THAT(crashing.found, HasSubstr("signal 6"));
    EXPECT_EQ(crashing.mend, "apt install it");
}

TEST_F(Libraries, have_a_row_each_and_what_to_install_where_one_is_missing) {
    ::setenv("MRDA_DRIVER_DIR", dir_.path().c_str(), 1);
    const auto findings = libraries();
    const auto count = [&](const std::string& kind) {
        return std::count_if(findings.begin(), findings.end(),
                             [&](const Finding& each) { return each.what.rfind(kind, 0) == 0; });
    };
    EXPECT_EQ(count("loader "), 4);
    EXPECT_EQ(count("GPU driver "), 3);
    EXPECT_EQ(count("software driver "), 3);
    for (const Finding& each : findings) {
        EXPECT_THAT(each.found, Not(IsEmpty())) << each.what;
        EXPECT_EQ(each.mend.empty(), each.verdict == Verdict::works) << each.what;
    }
}

TEST_F(Libraries, are_looked_for_where_the_loaders_look) {
    std::filesystem::copy_file(MRDA_QUIET_LIBRARY, dir_.path() + "/iHD_drv_video.so");
    std::filesystem::copy_file(MRDA_QUIET_LIBRARY, dir_.path() + "/libmfx-gen.so.1.2");
    ::setenv("LIBVA_DRIVERS_PATH", ("/nowhere:" + dir_.path()).c_str(), 1);
    ::setenv("ONEVPL_SEARCH_PATH", dir_.path().c_str(), 1);
    EXPECT_THAT(row("GPU driver iHD_drv_video.so").found, StartsWith(dir_.path()));
    EXPECT_THAT(row("GPU driver libmfx-gen.so.1.2").found, StartsWith(dir_.path()));
    ::setenv("LIBVA_DRIVERS_PATH", "/nowhere", 1);
    const Finding missing = row("GPU driver iHD_drv_video.so");
    EXPECT_THAT(missing.found, HasSubstr("/nowhere/iHD_drv_video.so"));
    EXPECT_THAT(missing.mend, HasSubstr("apt install intel-media-va-driver"));
}

TEST_F(Libraries, of_the_software_drivers_are_looked_for_where_they_are_named) {
    ::setenv("MRDA_DRIVER_DIR", dir_.path().c_str(), 1);
    EXPECT_THAT(row("software driver libmrda_ze.so").found, HasSubstr("MRDA_DRIVER_DIR"));
    const std::string file = dir_.file("libmrda_ze.so");
    EXPECT_EQ(row("software driver libmrda_ze.so").found, file);
    const Finding missing = row("software driver mrda_drv_video.so");
    EXPECT_EQ(missing.verdict, Verdict::missing);
    EXPECT_THAT(missing.found, HasSubstr("No such file"));
}

}  // namespace
}  // namespace mrda::ctl
