// SPDX-License-Identifier: MIT
#include "c_client.h"

#include <gtest/gtest.h>

#include <drm_fourcc.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kInvalid = -1;  // -1 - Errc::invalid_argument

class MediaCApi : public testing::Test {
  protected:
    void SetUp() override {
        const char* const folders[] = {MRDA_PLUGIN_DIR, MRDA_BROKEN_PLUGIN_DIR,
                                       MRDA_SAMPLE_PLUGIN_DIR};
        ASSERT_EQ(client_open(folders, &context_, &error_), MRDA_MEDIA_OK) << error_.message;
    }
    void TearDown() override {
        EXPECT_EQ(mrda_media_release(context_, &error_), MRDA_MEDIA_OK) << error_.message;
    }
    void expect_invalid(int status, const std::string& named) {
        EXPECT_EQ(status, kInvalid);
        EXPECT_NE(std::string(error_.message).find(named), std::string::npos) << error_.message;
    }
    mrda_media_buffer buffer(std::int32_t bank, std::uint64_t length_bytes) {
        mrda_media_buffer made = 0;
        EXPECT_EQ(mrda_media_buffer_allocate(context_, 0, bank, length_bytes, &made, &error_),
                  MRDA_MEDIA_OK)
            << error_.message;
        return made;
    }

    mrda_media_context context_ = 0;
    mrda_media_error error_{};
};

TEST_F(MediaCApi, lists_devices_units_and_notes_to_their_end) {
    mrda_device_info device{};
    device.size_bytes = sizeof device;
    ASSERT_EQ(mrda_media_device(context_, 0, &device, &error_), MRDA_MEDIA_OK);
    EXPECT_STREQ(device.name, "host");
    ASSERT_EQ(device.bank_count, 2U);
    EXPECT_STREQ(device.banks[1].name, "device");
    EXPECT_EQ(mrda_media_device(context_, 1, &device, &error_), MRDA_MEDIA_END);
    mrda_media_unit_info unit{};
    unit.size_bytes = sizeof unit;
    ASSERT_EQ(mrda_media_unit(context_, 0, 0, &unit, &error_), MRDA_MEDIA_OK);
    EXPECT_STREQ(unit.name, "add");
    EXPECT_EQ(mrda_media_unit(context_, 0, 1, &unit, &error_), MRDA_MEDIA_END);
    expect_invalid(mrda_media_unit(context_, 1, 0, &unit, &error_), "device 1 of 1");
    mrda_media_error note{};
    EXPECT_EQ(mrda_media_note(context_, 0, &note, &error_), MRDA_MEDIA_END);
}

TEST_F(MediaCApi, runs_stages_that_hand_frames_on_in_place) {
    mrda_media_session_report report{};
    report.size_bytes = sizeof report;
    EXPECT_EQ(client_run_stages(context_, 10, &report, &error_), 10) << error_.message;
    EXPECT_EQ(report.in_place, 1U);
    EXPECT_EQ(report.copied_bytes, 0U);
    EXPECT_EQ(report.sent, 10U);
    EXPECT_EQ(report.bank, 1U);
}

TEST_F(MediaCApi, runs_kernels) {
    EXPECT_EQ(client_add(context_, &error_), 0) << error_.message;
    mrda_media_unit_info unit{};
    unit.size_bytes = sizeof unit;
    ASSERT_EQ(mrda_media_unit(context_, 0, 0, &unit, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(unit.done, 1U);
    EXPECT_EQ(unit.sessions, 0U);
}

TEST_F(MediaCApi, writes_no_more_than_the_caller_knows_of) {
    struct {
        mrda_media_unit_info info{};
        std::uint64_t guard = 0x1122334455667788U;
    } known;
    known.info.size_bytes = offsetof(mrda_media_unit_info, scheduled);
    std::memset(&known.info.scheduled, 0x5a, 8);
    ASSERT_EQ(mrda_media_unit(context_, 0, 0, &known.info, &error_), MRDA_MEDIA_OK);
    EXPECT_STREQ(known.info.name, "add");
    EXPECT_EQ(known.info.scheduled, 0x5a5a5a5a5a5a5a5aU);
    EXPECT_EQ(known.info.size_bytes, offsetof(mrda_media_unit_info, scheduled));
    mrda_media_unit_info unset{};
    expect_invalid(mrda_media_unit(context_, 0, 0, &unset, &error_), "set it to sizeof");
}

TEST_F(MediaCApi, refuses_lists_that_are_not_there) {
    mrda_media_options options{};
    options.size_bytes = sizeof options;
    mrda_media_context none = 0;
    for (std::uint32_t mrda_media_options::*const count :
         {&mrda_media_options::plugin_folder_count, &mrda_media_options::device_plugin_count,
          &mrda_media_options::units_count}) {
        options.*count = 1;
        expect_invalid(mrda_media_open(&options, &none, &error_), "is null");
        options.*count = 0;
    }
    options.size_bytes = 8;
    expect_invalid(mrda_media_open(&options, &none, &error_), "options of 8 bytes, of at least");
}

TEST_F(MediaCApi, tells_where_a_kernel_runs) {
    mrda_media_properties properties;
    mrda_media_properties_init(&properties, MRDA_SESSION_KERNEL, "sample-kernel");
    mrda_media_session kernel = 0;
    ASSERT_EQ(mrda_media_create(context_, &properties, &kernel, &error_), MRDA_MEDIA_OK)
        << error_.message;
    mrda_media_session_report report{};
    report.size_bytes = sizeof report;
    ASSERT_EQ(mrda_media_about(kernel, &report, &error_), MRDA_MEDIA_OK) << error_.message;
    EXPECT_EQ(report.unit, 0);
    mrda_parameter nameless{};
    expect_invalid(mrda_media_read(kernel, 0, &nameless, 1, &error_), "without a name");
    EXPECT_EQ(mrda_media_release(kernel, nullptr), MRDA_MEDIA_OK);
}

TEST_F(MediaCApi, allocates_where_a_kernel_reaches_an_argument) {
    mrda_media_buffer made = 0;
    ASSERT_EQ(mrda_media_buffer_allocate_for(context_, 0, 0, 2, 64, &made, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(mrda_media_release(made, nullptr), MRDA_MEDIA_OK);
    expect_invalid(mrda_media_buffer_allocate_for(context_, 0, 0, 3, 64, &made, &error_),
                   "argument 3 of unit add is no buffer");
    expect_invalid(mrda_media_buffer_allocate_for(context_, 0, 1, 0, 64, &made, &error_),
                   "unit 1 of 1 on device 0");
}

TEST_F(MediaCApi, makes_and_ends_sessions_on_many_threads) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([this] {
            mrda_media_error error{};
            mrda_media_session_report report{};
            report.size_bytes = sizeof report;
            for (int round = 0; round < 10; ++round) {
                EXPECT_EQ(client_run_stages(context_, 2, &report, &error), 2) << error.message;
                EXPECT_EQ(client_add(context_, &error), 0) << error.message;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST_F(MediaCApi, frees_a_handle_once_and_what_it_names_with_its_last_clone) {
    const mrda_media_buffer first = buffer(0, 64);
    mrda_media_buffer clone = 0;
    ASSERT_EQ(mrda_media_clone(first, &clone, &error_), MRDA_MEDIA_OK);
    EXPECT_NE(first, clone);
    EXPECT_EQ(mrda_media_release(first, &error_), MRDA_MEDIA_OK);
    expect_invalid(mrda_media_release(first, &error_), "released before");
    std::array<char, 4> bytes{};
    EXPECT_EQ(mrda_media_buffer_read(clone, 0, bytes.data(), 4, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(mrda_media_release(clone, &error_), MRDA_MEDIA_OK);
    expect_invalid(mrda_media_buffer_read(clone, 0, bytes.data(), 4, &error_), "released before");
}

TEST_F(MediaCApi, takes_no_handle_of_another_sort) {
    const mrda_media_buffer held = buffer(0, 64);
    expect_invalid(mrda_media_send_frame(held, 0, &error_), "is a buffer, which is not asked for");
    expect_invalid(mrda_media_create(held, nullptr, nullptr, &error_), "properties is null");
    mrda_media_context clone = 0;
    expect_invalid(mrda_media_clone(context_, &clone, &error_), "others are not cloned");
    EXPECT_EQ(mrda_media_release(held, nullptr), MRDA_MEDIA_OK);
}

TEST_F(MediaCApi, reads_nothing_past_a_buffer_or_data) {
    const mrda_media_buffer held = buffer(1, 64);
    std::array<char, 65> bytes{};
    expect_invalid(mrda_media_buffer_read(held, 0, bytes.data(), 65, &error_), "buffer of 64");
    mrda_media_data data = 0;
    ASSERT_EQ(mrda_media_data_of(held, 16, 32, 7, &data, &error_), MRDA_MEDIA_OK);
    expect_invalid(mrda_media_data_read(data, 16, bytes.data(), 17, &error_), "data of 32");
    mrda_media_data_info info{};
    info.size_bytes = sizeof info;
    ASSERT_EQ(mrda_media_data_about(data, &info, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(info.bytes, nullptr);  // No processor can reach it.
    EXPECT_EQ(info.pts, 7);
    EXPECT_EQ(mrda_media_release(held, nullptr), MRDA_MEDIA_OK);
    EXPECT_EQ(mrda_media_data_read(data, 0, bytes.data(), 32, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(mrda_media_release(data, nullptr), MRDA_MEDIA_OK);
}

TEST_F(MediaCApi, a_clone_of_a_frame_shares_its_memory_and_not_its_time) {
    mrda_media_layout layout{};
    ASSERT_EQ(mrda_media_layout_of(DRM_FORMAT_NV12, 64, 32, &layout, &error_), MRDA_MEDIA_OK);
    std::uint64_t bytes = 0;
    ASSERT_EQ(mrda_media_layout_bytes(&layout, &bytes, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(bytes, layout.planes[1].offset_bytes + 15 * layout.planes[1].pitch_bytes + 64);
    const mrda_media_buffer held = buffer(0, bytes);
    mrda_media_frame frame = 0;
    mrda_media_frame clone = 0;
    ASSERT_EQ(mrda_media_frame_of(held, &layout, &frame, &error_), MRDA_MEDIA_OK);
    ASSERT_EQ(mrda_media_clone(frame, &clone, &error_), MRDA_MEDIA_OK);
    ASSERT_EQ(mrda_media_frame_set(clone, 9, MRDA_FRAME_KEY, &error_), MRDA_MEDIA_OK);
    std::int64_t pts = -1;
    ASSERT_EQ(mrda_media_frame_info(frame, nullptr, &pts, nullptr, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(pts, 0);
    mrda_media_buffer of_clone = 0;
    ASSERT_EQ(mrda_media_frame_buffer(clone, &of_clone, &error_), MRDA_MEDIA_OK);
    mrda_buffer one{};
    one.size_bytes = sizeof one;
    mrda_buffer other{};
    other.size_bytes = sizeof other;
    ASSERT_EQ(mrda_media_buffer_info(held, &one, &error_), MRDA_MEDIA_OK);
    ASSERT_EQ(mrda_media_buffer_info(of_clone, &other, &error_), MRDA_MEDIA_OK);
    EXPECT_EQ(one.id, other.id);
    const mrda_media_layout huge = [&] {
        mrda_media_layout wrong = layout;
        wrong.planes[1].offset_bytes = 1 << 20;
        return wrong;
    }();
    mrda_media_frame none = 0;
    expect_invalid(mrda_media_frame_of(held, &huge, &none, &error_), "bytes");
    for (const std::uint64_t handle : {held, frame, clone, of_clone}) {
        EXPECT_EQ(mrda_media_release(handle, nullptr), MRDA_MEDIA_OK);
    }
}

}  // namespace
