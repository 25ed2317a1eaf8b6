// SPDX-License-Identifier: MIT
// A context with the device of Level Zero, as its plugin finds it: here, the software driver's.
#include <array>
#include <numeric>

#include "mrda/media/kernel.h"
#include "stages_fixture.h"

namespace mrda::media {
namespace {

constexpr std::uint32_t kDevice = 1;
constexpr std::uint32_t kCount = 1000;

class MediaLevelZero : public testing::Test {
  protected:
    static std::shared_ptr<Context> context_on(std::vector<UnitPlacement> units) {
        auto context =
            Context::open({{MRDA_PLUGIN_DIR, MRDA_BROKEN_PLUGIN_DIR, MRDA_SAMPLE_PLUGIN_DIR},
                           {"l0"},
                           std::move(units)});
        EXPECT_TRUE(context.ok()) << to_string(context.error());
        return *context;
    }
    std::shared_ptr<const Buffer> words(std::int32_t bank) {
        std::vector<std::uint32_t> values(kCount);
        std::iota(values.begin(), values.end(), 1U);
        auto buffer =
            context_->devices()[kDevice]->allocate(bank, kCount * sizeof(std::uint32_t)).value();
        EXPECT_TRUE(buffer->write(0, std::as_bytes(std::span(values))).ok());
        return buffer;
    }

    const std::shared_ptr<Context> context_ = context_on({{"sample-kernel", "add", kDevice, 2}});
};

TEST_F(MediaLevelZero, is_found_beside_the_machine_itself_with_its_banks) {
    ASSERT_EQ(context_->devices().size(), 2U);
    const Device& device = *context_->devices()[kDevice];
    EXPECT_EQ(device.index(), kDevice);
    ASSERT_EQ(device.banks().size(), 3U);
    EXPECT_EQ(device.banks()[0].memory, MRDA_MEMORY_OBJECT | MRDA_MEMORY_ADDRESS);
    EXPECT_EQ(device.banks()[1].memory, MRDA_MEMORY_PAGES | MRDA_MEMORY_ADDRESS);
}

TEST_F(MediaLevelZero, runs_the_sample_kernel_on_memory_of_the_device) {
    for (const char* const plugin : {"sample-kernel", "kernel"}) {
        KernelProperties properties;
        properties.plugin = plugin;
        properties.device = static_cast<std::int32_t>(kDevice);
        properties.unit_name = "add";
        const auto kernel = Kernel::open(*context_, properties).value();
        const auto sum = words(0);
        const std::vector<Parameter> work{
            {"a", words(0)}, {"b", words(2)}, {"sum", sum}, {"count", std::int64_t{kCount}}};
        const auto written = kernel->write(work);
        ASSERT_TRUE(written.ok()) << to_string(written.error());
        const auto read = kernel->read(kLong, {});
        ASSERT_TRUE(read.ok()) << to_string(read.error());
        ASSERT_EQ(*read, Status::ok);
        const auto sums = words_of(*sum, kCount);
        for (std::uint32_t index = 0; index < kCount; ++index) {
            ASSERT_EQ(sums[index], 2 * (index + 1)) << plugin;
        }
    }
}

TEST_F(MediaLevelZero, has_no_unit_of_code_for_the_machine_alone) {
    expect_error(context_->place({"units", "log", kDevice, 1}), Errc::unsupported, "log");
}

TEST_F(MediaLevelZero, refuses_frames_and_buffers_of_another_device) {
    KernelProperties properties;
    properties.plugin = "kernel";
    properties.unit_name = "add";
    const auto kernel = Kernel::open(*context_, properties).value();
    const auto far = context_->devices()[0]->allocate(0, kCount * 4).value();
    const std::vector<Parameter> work{
        {"a", words(0)}, {"b", far}, {"sum", words(0)}, {"count", std::int64_t{kCount}}};
    expect_error(kernel->write(work), Errc::invalid_argument,
                 "the buffer lies in bank 0 of device 0");
    StageProperties encoder = encoder_of("copy", "copy");
    encoder.input = nv12(64, 32);
    encoder.device = static_cast<std::int32_t>(kDevice);
    const auto stage = Stage::open(*context_, encoder).value();
    const Frame of_the_machine =
        frame_of(context_->devices()[0]->allocate(0, 1 << 14).value(), nv12(64, 32)).value();
    expect_error(stage->send(of_the_machine), Errc::invalid_argument, "bank 0 of device 0");
}

TEST_F(MediaLevelZero, hands_frames_of_its_own_memory_from_stage_to_stage) {
    StageProperties encoder = encoder_of("copy", "copy");
    encoder.input = nv12(64, 32);
    encoder.device = static_cast<std::int32_t>(kDevice);
    const auto stage = Stage::open(*context_, encoder).value();
    const auto frame = stage->input_frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->buffer->view().pages, nullptr);
    ASSERT_TRUE(stage->send(*frame).value());
    EXPECT_EQ(stage->receive_data(0)->status, Status::ok);
    EXPECT_EQ(stage->report().copied_bytes, 0U);
}

}  // namespace
}  // namespace mrda::media
