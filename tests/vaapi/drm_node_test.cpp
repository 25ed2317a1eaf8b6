// SPDX-License-Identifier: MIT
#include "mrda/vaapi/drm_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "interop/temp_files.h"

namespace mrda::vaapi {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

/// A /sys and a /dev as the kernel lays them out.
class DrmNodeTest : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(root() + "/sys/class/drm");
        fs::create_directories(root() + "/dev/dri");
        ASSERT_EQ(::chmod(root().c_str(), 0755), 0);
    }
    [[nodiscard]] std::string root() const { return dir_.path(); }

    /// A node and the device behind it: `device` is its folder in /sys.
    void add_node(const std::string& name, const std::string& device, const std::string& driver,
                  mode_t mode = 0666) {
        const std::string behind = root() + "/sys/devices/" + device;
        fs::create_directories(behind);
        fs::create_directories(root() + "/sys/bus/drivers/" + driver);
        fs::create_directory_symlink(root() + "/sys/bus/drivers/" + driver, behind + "/driver");
        fs::create_directories(root() + "/sys/class/drm/" + name);
        fs::create_directory_symlink(behind, root() + "/sys/class/drm/" + name + "/device");
        ASSERT_EQ(::chmod(dir_.file("dev/dri/" + name).c_str(), mode), 0);
    }

    const TempDir dir_;
};

TEST_F(DrmNodeTest, i915_and_xe_are_found_with_node_driver_and_address) {
    add_node("renderD128", "pci0000:00/0000:00:02.0", "i915");
    add_node("renderD129", "pci0000:00/0000:03:00.0", "xe");
    const auto nodes = list_render_nodes(root());
    ASSERT_TRUE(nodes.ok()) << to_string(nodes.error());
    ASSERT_EQ(nodes->size(), 2U);
    EXPECT_EQ((*nodes)[0].path, root() + "/dev/dri/renderD128");
    EXPECT_EQ((*nodes)[0].driver, "i915");
    EXPECT_EQ((*nodes)[0].pci, (PciAddress{0, 0, 2, 0}));
    EXPECT_EQ((*nodes)[0].usable, std::nullopt);
    EXPECT_EQ((*nodes)[1].driver, "xe");
    EXPECT_EQ((*nodes)[1].pci, (PciAddress{0, 3, 0, 0}));
}

TEST_F(DrmNodeTest, the_default_is_the_first_of_intels_even_behind_another_makers) {
    add_node("renderD128", "pci0000:00/0000:01:00.0", "amdgpu");
    const auto other = default_render_node(root());
    ASSERT_TRUE(other.ok());
    EXPECT_EQ(other->driver, "amdgpu");
    add_node("renderD129", "pci0000:00/0000:03:00.0", "xe");
    add_node("renderD130", "pci0000:00/0000:83:00.0", "i915");
    const auto chosen = default_render_node(root());
    ASSERT_TRUE(chosen.ok());
    EXPECT_EQ(to_string(chosen->pci), "0000:03:00.0");
}

TEST_F(DrmNodeTest, nodes_are_in_the_order_of_addresses_and_not_of_node_numbers) {
    add_node("renderD128", "pci0000:00/0000:83:00.0", "i915");
    add_node("renderD129", "pci0000:00/0000:03:00.0", "i915");
    add_node("renderD130", "pci0001:00/0001:01:00.0", "i915");
    const auto nodes = list_render_nodes(root());
    ASSERT_TRUE(nodes.ok());
    ASSERT_EQ(nodes->size(), 3U);
    EXPECT_EQ(to_string((*nodes)[0].pci), "0000:03:00.0");
    EXPECT_EQ(to_string((*nodes)[1].pci), "0000:83:00.0");
    EXPECT_EQ(to_string((*nodes)[2].pci), "0001:01:00.0");
}

TEST_F(DrmNodeTest, the_node_of_an_address_is_found_whatever_its_number) {
    add_node("renderD128", "pci0000:00/0000:83:00.0", "i915");
    add_node("renderD129", "pci0000:00/0000:03:00.0", "xe");
    const auto node = find_render_node(PciAddress{0, 3, 0, 0}, root());
    ASSERT_TRUE(node.ok()) << to_string(node.error());
    EXPECT_EQ(node->path, root() + "/dev/dri/renderD129");
}

TEST_F(DrmNodeTest, an_address_that_is_not_there_is_refused_listing_what_is) {
    add_node("renderD128", "pci0000:00/0000:03:00.0", "xe");
    const auto node = find_render_node(PciAddress{0, 4, 0, 0}, root());
    ASSERT_FALSE(node.ok());
    EXPECT_EQ(node.error().code, Errc::not_found);
    EXPECT_THAT(node.error().message, HasSubstr("0000:04:00.0"));
    EXPECT_THAT(node.error().message, HasSubstr("0000:03:00.0 (xe, "));
}

TEST_F(DrmNodeTest, a_device_that_is_not_on_pci_is_left_out) {
    add_node("renderD128", "platform/vgem", "vgem");
    add_node("renderD129", "pci0000:00/0000:03:00.0", "i915");
    const auto nodes = list_render_nodes(root());
    ASSERT_TRUE(nodes.ok());
    ASSERT_EQ(nodes->size(), 1U);
    EXPECT_EQ((*nodes)[0].driver, "i915");
}

TEST_F(DrmNodeTest, card_nodes_are_left_out) {
    add_node("card0", "pci0000:00/0000:03:00.0", "i915");
    EXPECT_FALSE(list_render_nodes(root()).ok());
}

TEST_F(DrmNodeTest, where_there_is_none_the_error_says_what_to_look_at) {
    for (const std::string& where : {root(), root() + "/absent"}) {
        const auto nodes = list_render_nodes(where);
        ASSERT_FALSE(nodes.ok());
        EXPECT_EQ(nodes.error().code, Errc::not_found);
        EXPECT_THAT(nodes.error().message, HasSubstr(where + "/sys/class/drm"));
        EXPECT_THAT(nodes.error().message, HasSubstr("--device /dev/dri"));
    }
}

TEST_F(DrmNodeTest, a_node_that_is_missing_from_dev_is_listed_as_not_usable) {
    add_node("renderD128", "pci0000:00/0000:03:00.0", "i915");
    fs::remove(root() + "/dev/dri/renderD128");
    const auto nodes = list_render_nodes(root());
    ASSERT_TRUE(nodes.ok());
    ASSERT_TRUE((*nodes)[0].usable.has_value());
    EXPECT_THAT(*(*nodes)[0].usable, HasSubstr("renderD128"));
}

TEST_F(DrmNodeTest, a_node_closed_to_this_user_comes_with_its_group_and_the_mend) {
    add_node("renderD128", "pci0000:00/0000:03:00.0", "i915", 0);
    // Root may open everything, so another user asks, in a process of its own.
    EXPECT_EXIT(
        {
            if (::getuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) {
                std::_Exit(2);
            }
            const auto nodes = list_render_nodes(root());
            std::fprintf(stderr, "%s\n",
                         nodes.ok() ? nodes->front().usable.value_or("usable").c_str() : "none");
            std::_Exit(0);
        },
        testing::ExitedWithCode(0),
        "renderD128 is closed to this user; run `usermod -aG [^ ]+ USER`");
}

}  // namespace
}  // namespace mrda::vaapi
