// SPDX-License-Identifier: MIT
#include "doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "interop/temp_files.h"

namespace mrda::ctl {
namespace {

using testing::HasSubstr;
using Verdict = Finding::Verdict;

/// With a probe that knows one platform, because drivers are not what is tested.
class Doctor : public testing::Test {
  protected:
    Doctor() {
        probe_ =
            dir_.script("mrda-probe", R"(test "$3" = software || { echo no such GPU; exit 3; })");
        ::setenv("MRDA_BIN_DIR", dir_.path().c_str(), 1);
    }
    ~Doctor() override { ::unsetenv("MRDA_BIN_DIR"); }
    static Finding find(const std::vector<Finding>& findings, const std::string& what) {
        const auto found = std::find_if(findings.begin(), findings.end(),
                                        [&](const Finding& each) { return each.what == what; });
        EXPECT_NE(found, findings.end()) << what;
        return found == findings.end() ? Finding() : *found;
    }

    TempDir dir_;
    std::string probe_;
};

TEST_F(Doctor, looks_for_the_service_where_it_is_told_to) {
    const Finding missing = find(examine(dir_.path()), "mrda-service");
    EXPECT_EQ(missing.verdict, Verdict::missing);
    EXPECT_THAT(missing.found, HasSubstr(dir_.path() + "/mrda.sock"));
    const std::string socket = dir_.file("mrda.sock");
    const Finding there = find(examine(dir_.path()), "mrda-service");
    EXPECT_EQ(there.verdict, Verdict::works);
    EXPECT_THAT(there.found, HasSubstr(socket));
}

TEST_F(Doctor, looks_at_everything_that_the_path_needs) {
    const auto findings = examine(dir_.path());
    for (const char* what :
         {"render node", "loader libva.so.2", "GPU driver iHD_drv_video.so",
          "software driver libvplmrda.so", "/dev/udmabuf", "/dev/shm", "locked memory"}) {
        find(findings, what);
    }
    EXPECT_EQ(find(findings, "chain on the software drivers").verdict, Verdict::works);
    EXPECT_THAT(find(findings, "chain on the GPU").found, HasSubstr("no such GPU"));
}

}  // namespace
}  // namespace mrda::ctl
