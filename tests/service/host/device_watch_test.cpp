// SPDX-License-Identifier: MIT
#include "device_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>

#include "temp_dir.h"

namespace mrda::service {
namespace {

constexpr const char* kTwo = R"({"render_nodes": [], "level_zero": [
  {"index": 0, "name": "One", "pci": "0000:03:00.0", "load":
    {"engines": [{"group": "media", "active_us": 5, "timestamp_us": 100}], "memory": []}},
  {"index": 1, "name": "Two", "pci": "0000:04:00.0", "load": {"error": "no Sysman"}},
  {"index": 2, "name": "Software", "pci": null, "load": {"error": "none"}}]})";

TEST(DeviceWatch, reads_what_the_probe_prints) {
    const auto devices = parse_devices(kTwo);
    ASSERT_TRUE(devices.ok());
    ASSERT_EQ(devices->size(), 2U) << "a device without a PCI address is no GPU";
    EXPECT_EQ((*devices)[0].pci_address, "0000:03:00.0");
    ASSERT_EQ((*devices)[0].engines.size(), 1U);
    EXPECT_EQ((*devices)[0].engines[0].timestamp_us, 100U);
    EXPECT_TRUE((*devices)[1].engines.empty());
}

TEST(DeviceWatch, refuses_what_is_no_answer_of_the_probe) {
    for (const char* text : {"", "{", "[]", "{}", "3", R"({"level_zero": 3})"}) {
        EXPECT_EQ(parse_devices(text).error().code, Errc::corrupt) << text;
    }
    const auto none = parse_devices(R"({"level_zero": {"error": "no driver"}})");
    EXPECT_EQ(none.error().code, Errc::not_found);
    EXPECT_EQ(none.error().message, "no driver");
    EXPECT_TRUE(parse_devices(R"({"level_zero": [3, {"pci": 7}, {"pci": "x", "load": 1}]})").ok());
}

TEST(DeviceWatch, a_load_is_that_of_the_busiest_engine) {
    const DeviceReading before{"a", "", {{0, 0}, {10, 100}}};
    EXPECT_DOUBLE_EQ(load_between(before, {"a", "", {{10, 100}, {60, 200}}}), 0.5);
    EXPECT_LT(load_between(before, {"a", "", {}}), 0);
    EXPECT_LT(load_between(before, before), 0) << "no time has passed";
}

class Probe : public testing::Test {
  protected:
    std::string program(const std::string& script) {
        std::ofstream(dir_ / "probe") << "#!/bin/sh\n" << script;
        ::chmod((dir_ / "probe").c_str(), 0700);
        return dir_ / "probe";
    }
    TempDir dir_;
};

TEST_F(Probe, that_dies_is_an_error_and_not_our_end) {
    EXPECT_NE(probe_devices(program("kill -SEGV $$\n")).error().message.find("signal 11"),
              std::string::npos);
    EXPECT_FALSE(probe_devices(program("exit 3\n")).ok());
    EXPECT_FALSE(probe_devices(dir_ / "none").ok());
}

TEST_F(Probe, is_asked_again_and_again_until_the_end) {
    std::atomic<int> seen = 0;
    {
        DeviceWatch watch(program("echo '{\"level_zero\": []}'\n"), 1'000'000,
                          [&](const auto& readings) { seen += readings.ok() ? 1 : 0; });
        for (int i = 0; i < 2000 && seen < 3; ++i) {
            ::usleep(10'000);
        }
    }
    EXPECT_GE(seen, 3);
}

}  // namespace
}  // namespace mrda::service
