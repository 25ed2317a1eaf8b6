// SPDX-License-Identifier: MIT
#include "stub/tree.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace mrda::stub {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>(in), {}};
}

unsigned long number_in(const fs::path& file) {
    const std::string text = text_of(file);
    EXPECT_TRUE(text.starts_with("0x")) << file << ": " << text;
    EXPECT_TRUE(text.ends_with('\n')) << file << ": " << text;
    return std::stoul(text, nullptr, 16);
}

unsigned word_at(const std::string& bytes, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes.at(i)); };
    return byte(at) | static_cast<unsigned>(byte(at + 1)) << 8;
}

class Tree : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string root = ::testing::TempDir() + "tree_test.XXXXXX";
        ASSERT_NE(::mkdtemp(root.data()), nullptr);
        root_ = fs::canonical(root);
    }
    void TearDown() override { fs::remove_all(root_); }

    void make(std::string_view devices) {
        devices_ = parse_devices(devices);
        ASSERT_FALSE(devices_.empty());
        make_tree(root_, devices_);
    }
    /// Where libdrm looks for a node that it has the number of.
    fs::path node(int minor) const {
        return root_ / "sys/dev/char" / ("226:" + std::to_string(minor));
    }

    fs::path root_;
    std::vector<Device> devices_;
};

TEST_F(Tree, has_links_that_are_relative_and_lead_to_something_within) {
    make("adlp,dg2,bmg@0000:7f:00.0");
    std::size_t links = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
        if (!entry.is_symlink()) {
            continue;
        }
        ++links;
        EXPECT_TRUE(fs::read_symlink(entry.path()).is_relative()) << entry.path();
        std::error_code problem;
        const fs::path target = fs::canonical(entry.path(), problem);
        EXPECT_FALSE(problem) << entry.path();
        EXPECT_TRUE(target.string().starts_with(root_.string() + "/")) << target;
    }
    // Of a function 3, of each of its two nodes 4.
    EXPECT_EQ(links, 3U * (3 + 2 * 4));
}

TEST_F(Tree, says_of_each_node_that_it_is_a_pci_device_and_where) {
    make("adlp,dg2");
    for (const Device& device : devices_) {
        for (const int minor : {device.render_minor(), device.index}) {
            const fs::path at = node(minor) / "device";
            EXPECT_EQ(fs::canonical(at / "subsystem").filename(), "pci");
            EXPECT_EQ(fs::canonical(at).filename(), device.pci_address);
            EXPECT_NE(text_of(at / "uevent").find("\nPCI_SLOT_NAME=" + device.pci_address + "\n"),
                      std::string::npos);
        }
    }
}

TEST_F(Tree, says_which_device_it_is_in_files_and_in_configuration_space) {
    for (const DeviceKind& kind : device_kinds()) {
        fs::remove_all(root_);
        make(kind.name);
        const fs::path at = node(128) / "device";
        EXPECT_EQ(number_in(at / "vendor"), 0x8086U);
        EXPECT_EQ(number_in(at / "device"), kind.pci_id);
        EXPECT_EQ(number_in(at / "revision"), kind.revision);
        EXPECT_EQ(number_in(at / "class"), 0x030000U);
        const std::string config = text_of(at / "config");
        ASSERT_GE(config.size(), 64U);
        EXPECT_EQ(word_at(config, 0x00), 0x8086U);
        EXPECT_EQ(word_at(config, 0x02), kind.pci_id);
        EXPECT_EQ(word_at(config, 0x08) & 0xff, kind.revision);
        EXPECT_EQ(word_at(config, 0x0a), 0x0300U);
        EXPECT_EQ(word_at(config, 0x2c), number_in(at / "subsystem_vendor"));
        EXPECT_EQ(word_at(config, 0x2e), number_in(at / "subsystem_device"));
    }
}

TEST_F(Tree, lists_the_nodes_of_a_device) {
    make("adlp,dg2");
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(node(129) / "device/drm")) {
        names.insert(entry.path().filename());
    }
    EXPECT_EQ(names, (std::set<std::string>{"card1", "renderD129"}));
}

TEST_F(Tree, names_each_node_by_its_number) {
    make("adlp,dg2");
    for (const auto& [minor, name] : {std::pair<int, std::string>{128, "renderD128"},
                                      {129, "renderD129"},
                                      {0, "card0"},
                                      {1, "card1"}}) {
        const std::string number = std::to_string(minor);
        EXPECT_EQ(text_of(node(minor) / "dev"), "226:" + number + "\n");
        const std::string told = text_of(node(minor) / "uevent");
        EXPECT_NE(told.find("MAJOR=226\nMINOR=" + number + "\n"), std::string::npos) << told;
        EXPECT_NE(told.find("\nDEVNAME=dri/" + name + "\n"), std::string::npos) << told;
        EXPECT_EQ(fs::canonical(root_ / "sys/class/drm" / name), fs::canonical(node(minor)));
        EXPECT_TRUE(fs::is_regular_file(root_ / "dev/dri" / name));
    }
}

TEST_F(Tree, leads_from_an_address_to_the_node_and_the_driver) {
    make("adlp,dg2@0000:7f:00.0");
    const fs::path by_path = root_ / "dev/dri/by-path";
    EXPECT_EQ(fs::canonical(by_path / "pci-0000:7f:00.0-render"), root_ / "dev/dri/renderD129");
    EXPECT_EQ(fs::canonical(by_path / "pci-0000:7f:00.0-card"), root_ / "dev/dri/card1");
    EXPECT_EQ(fs::canonical(root_ / "sys/bus/pci/devices/0000:7f:00.0"),
              fs::canonical(node(129) / "device"));
    EXPECT_EQ(fs::canonical(node(129) / "device/driver"), root_ / "sys/bus/pci/drivers/i915");
}

TEST_F(Tree, names_the_kernels_driver) {
    make("lnl");
    EXPECT_EQ(fs::canonical(node(128) / "device/driver").filename(), "xe");
    EXPECT_TRUE(text_of(node(128) / "device/uevent").starts_with("DRIVER=xe\n"));
}

TEST_F(Tree, begins_the_numbers_of_objects_at_nothing) {
    make("adlp");
    EXPECT_EQ(text_of(root_ / "objects"), std::string(4096, '\0'));
}

}  // namespace
}  // namespace mrda::stub
