// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <atomic>
#include <numeric>
#include <thread>

#include "faulty_image.h"
#include "kernels_image.h"
#include "l0/plugin/plugin_fixture.h"

namespace mrda::l0::plugin_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::uint32_t kWords = 4099;  // A prime: no group size divides it.
constexpr std::uint8_t kSpirv[] = {3, 2, 35, 7, 0, 0, 1, 0};

constexpr mrda_unit_image kGoodImage{MRDA_IMAGE_NATIVE, 0, sizeof kernels_image, kernels_image};
constexpr mrda_unit_image kImages[] = {{MRDA_IMAGE_SPIRV, 0, sizeof kSpirv, kSpirv}, kGoodImage};
constexpr mrda_unit_image kBadImages[] = {{MRDA_IMAGE_SPIRV, 0, sizeof kSpirv, kSpirv},
                                          {MRDA_IMAGE_NATIVE, 0, sizeof faulty_image, faulty_image},
                                          {99, 0, 1, kSpirv}};

struct AddRegisters {
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t sums;
    std::uint32_t count;
    std::uint32_t instances;
};
constexpr mrda_unit_argument kAddArguments[] = {
    {"a", MRDA_ARGUMENT_BUFFER, offsetof(AddRegisters, a), 8, -1},
    {"b", MRDA_ARGUMENT_BUFFER, offsetof(AddRegisters, b), 8, -1},
    {"sums", MRDA_ARGUMENT_BUFFER, offsetof(AddRegisters, sums), 8, 0},
    {"count", MRDA_ARGUMENT_VALUE, offsetof(AddRegisters, count), 4, -1}};

struct StepRegisters {
    std::uint64_t counter;
    std::int32_t code;
    std::int32_t result;
    std::uint32_t channel_in;
    std::uint32_t channel_out;
};
constexpr mrda_unit_argument kStepArguments[] = {
    {"counter", MRDA_ARGUMENT_BUFFER, offsetof(StepRegisters, counter), 8, -1},
    {"code", MRDA_ARGUMENT_VALUE, offsetof(StepRegisters, code), 4, -1},
    {"result", MRDA_ARGUMENT_RESULT, offsetof(StepRegisters, result), 4, -1}};

mrda_unit_kind add_kind() {
    return {.size_bytes = sizeof(mrda_unit_kind),
            .register_bytes = sizeof(AddRegisters),
            .name = "add",
            .arguments = kAddArguments,
            .argument_count = 4,
            .in_flight = 1,
            .channel_in_offset = MRDA_NO_REGISTER,
            .channel_out_offset = MRDA_NO_REGISTER,
            .global_size_offset = offsetof(AddRegisters, instances),
            .image_count = 2,
            .images = kImages};
}

mrda_unit_kind step_kind() {
    return {.size_bytes = sizeof(mrda_unit_kind),
            .register_bytes = sizeof(StepRegisters),
            .name = "step",
            .arguments = kStepArguments,
            .argument_count = 3,
            .in_flight = 3,
            .channel_in_offset = offsetof(StepRegisters, channel_in),
            .channel_out_offset = offsetof(StepRegisters, channel_out),
            .global_size_offset = MRDA_NO_REGISTER,
            .image_count = 1,
            .images = &kGoodImage};
}

class L0PluginUnit : public PluginTest {
  protected:
    void* load(const mrda_unit_kind& kind) {
        void* unit = nullptr;
        EXPECT_EQ(devices().load(device_, &kind, &unit, &error_), MRDA_MEDIA_OK) << error_.message;
        return unit;
    }
    void expect_not_loaded(const mrda_unit_kind& kind) {
        void* unit = nullptr;
        EXPECT_EQ(errc_of(devices().load(device_, &kind, &unit, &error_)), Errc::unsupported);
    }
};

TEST_F(L0PluginUnit, adds_two_buffers_of_device_memory) {
    const Memory a = allocate(0, kWords * 4);
    const Memory b = allocate(0, kWords * 4);
    const Memory sums = allocate(0, kWords * 4);
    std::vector<std::uint32_t> words(kWords);
    std::iota(words.begin(), words.end(), 1U);
    write(a, std::as_bytes(std::span(words)));
    std::fill(words.begin(), words.end(), 10'000U);
    write(b, std::as_bytes(std::span(words)));
    void* const unit = load(add_kind());
    for (const std::uint32_t instances : {1U, 1024U, kWords}) {
        AddRegisters registers{a.buffer.address, b.buffer.address, sums.buffer.address, kWords,
                               instances};
        std::int32_t code = -1;
        ASSERT_EQ(devices().run(device_, unit, &registers, &code, &error_), MRDA_MEDIA_OK)
            << error_.message;
        EXPECT_EQ(code, 0) << "it has no result";
        const auto got = read_words(sums);
        for (std::uint32_t i = 0; i < kWords; ++i) {
            ASSERT_EQ(got[i], i < instances ? i + 10'001 : 0) << i << " of " << instances;
        }
    }
    devices().unload(device_, unit);
    for (const Memory& memory : {a, b, sums}) {
        release(memory);
    }
}

TEST_F(L0PluginUnit, gives_its_return_code_and_its_channel_in_the_block) {
    const Memory counter = allocate(2, 4);
    void* const unit = load(step_kind());
    StepRegisters registers{counter.buffer.address, -77, 1, 5, 0};
    std::int32_t code = 0;
    ASSERT_EQ(devices().run(device_, unit, &registers, &code, &error_), MRDA_MEDIA_OK)
        << error_.message;
    EXPECT_EQ(code, -77);
    EXPECT_EQ(registers.result, -77);
    EXPECT_EQ(registers.channel_out, 5U);
    EXPECT_EQ(read_words(counter), std::vector<std::uint32_t>{1});
    devices().unload(device_, unit);
    release(counter);
}

TEST_F(L0PluginUnit, does_the_work_of_several_threads_each_with_its_own_block) {
    void* const step = load(step_kind());
    void* const other = load(step_kind());
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            mrda_media_error error{};
            Memory counter;
            ASSERT_EQ(devices().allocate(device_, 1, 4, &counter.buffer, &counter.handle, &error),
                      MRDA_MEDIA_OK);
            for (int round = 0; round < 100; ++round) {
                const int wanted = 1000 * i + round;
                StepRegisters registers{counter.buffer.address, wanted, 0,
                                        static_cast<std::uint32_t>(i), 0};
                std::int32_t code = 0;
                ASSERT_EQ(
                    devices().run(device_, i % 2 == 0 ? step : other, &registers, &code, &error),
                    MRDA_MEDIA_OK)
                    << error.message;
                ASSERT_EQ(code, wanted);
                ASSERT_EQ(registers.channel_out, static_cast<std::uint32_t>(i));
            }
            EXPECT_EQ(*static_cast<const std::uint32_t*>(counter.buffer.pages), 100U);
            release(counter);
        });
    }
    threads.clear();
    devices().unload(device_, step);
    devices().unload(device_, other);
}

TEST_F(L0PluginUnit, that_no_image_fits_tells_each_ones_refusal) {
    mrda_unit_kind kind = add_kind();
    kind.images = kBadImages;
    kind.image_count = 3;
    expect_not_loaded(kind);
    EXPECT_THAT(error_.message,
                AllOf(HasSubstr("cannot load unit add"), HasSubstr("image 0: "),
                      HasSubstr("SPIR-V"), HasSubstr("image 1: "),
                      HasSubstr("kernel ABI 2, this driver has 1"), HasSubstr("image 2: ")));
    kind.image_count = 0;
    expect_not_loaded(kind);
    EXPECT_THAT(error_.message, HasSubstr("for the machine itself only"));
}

TEST_F(L0PluginUnit, that_its_kernel_does_not_match_is_not_loaded) {
    mrda_unit_kind kind = add_kind();
    kind.argument_count = 3;
    expect_not_loaded(kind);
    EXPECT_THAT(error_.message, HasSubstr("kernel add has 4 arguments, and its unit declares 3"));
    kind = add_kind();
    kind.name = "subtract";
    expect_not_loaded(kind);
    EXPECT_THAT(error_.message, HasSubstr("subtract; the module has add, locate"));
}

TEST_F(L0PluginUnit, names_a_device_that_is_lost_until_it_is_opened_anew) {
    constexpr mrda_unit_argument kArguments[] = {
        {"counter", MRDA_ARGUMENT_BUFFER, offsetof(StepRegisters, counter), 8, -1},
        {"failing group", MRDA_ARGUMENT_VALUE, offsetof(StepRegisters, code), 4, -1}};
    mrda_unit_kind kind = step_kind();
    kind.name = "fault";
    kind.arguments = kArguments;
    kind.argument_count = 2;
    const Memory counter = allocate(0, 4);
    void* const unit = load(kind);
    StepRegisters registers{counter.buffer.address, 1, 0, 0, 0};
    std::int32_t code = 0;
    ASSERT_EQ(devices().run(device_, unit, &registers, &code, &error_), MRDA_MEDIA_OK)
        << error_.message;
    registers.code = 0;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(errc_of(devices().run(device_, unit, &registers, &code, &error_)),
                  Errc::device_lost);
        EXPECT_THAT(error_.message, AllOf(HasSubstr("unit fault on MRDA software device"),
                                          HasSubstr("open it anew")));
    }
    std::uint32_t word = 0;
    EXPECT_EQ(errc_of(devices().copy_out(device_, counter.handle, 0, &word, sizeof word, &error_)),
              Errc::device_lost);
    devices().unload(device_, unit);
    release(counter);
    devices().close(device_);
    ASSERT_EQ(devices().open(0, &info_, &device_, &error_), MRDA_MEDIA_OK) << error_.message;
    const Memory again = allocate(0, 4);
    EXPECT_EQ(read_words(again), std::vector<std::uint32_t>{0});
    release(again);
}

TEST_F(L0PluginUnit, refuses_an_item_that_cannot_run_and_runs_the_next) {
    const Memory words = allocate(0, 16);
    void* const unit = load(add_kind());
    const std::uint64_t address = words.buffer.address;
    AddRegisters registers{address, address, address, 1, 0};
    std::int32_t code = 0;
    EXPECT_EQ(errc_of(devices().run(device_, unit, &registers, &code, &error_)),
              Errc::invalid_argument);
    EXPECT_THAT(error_.message,
                AllOf(HasSubstr("unit add on MRDA software device"), HasSubstr("0 instances")));
    registers.instances = 1;
    registers.b = 4096;
    EXPECT_EQ(errc_of(devices().run(device_, unit, &registers, &code, &error_)),
              Errc::invalid_argument);
    EXPECT_THAT(error_.message, HasSubstr("argument 1 of kernel add"));
    registers.b = address;
    EXPECT_EQ(devices().run(device_, unit, &registers, &code, &error_), MRDA_MEDIA_OK)
        << error_.message;
    devices().unload(device_, unit);
    release(words);
}

}  // namespace
}  // namespace mrda::l0::plugin_test
