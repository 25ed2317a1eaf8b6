// SPDX-License-Identifier: MIT
#include "mrda/l0/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>

#include "l0/device_bytes.h"
#include "mrda/l0/command_list.h"
#include "mrda/l0/usm.h"
#include "support/platform.h"

namespace mrda::l0 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint32_t kWords = 1000;
constexpr std::uint64_t kLongNs = 20'000'000'000;

std::vector<std::byte> image(const std::string& name) {
    std::ifstream file(MRDA_KERNEL_DIR "/" + name + ".so", std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file),
                                  std::istreambuf_iterator<char>()};
    const auto all = std::as_bytes(std::span(bytes));
    return {all.begin(), all.end()};
}

template <typename Value>
std::span<const std::byte> bytes_of(const Value& value) {
    return std::as_bytes(std::span(&value, 1));
}

class KernelTest : public test::DeviceTest {
  protected:
    void SetUp() override {
        MRDA_ONLY_ON(software, "the kernels here are code of this machine");
        DeviceTest::SetUp();
        ASSERT_FALSE(HasFatalFailure());
        auto made = Module::create(*context_, ModuleFormat::native, image("kernels"));
        ASSERT_TRUE(made.ok()) << to_string(made.error());
        module_ = std::move(*made);
    }
    Kernel new_kernel(const std::string& name) {
        auto made = Kernel::create(*module_, name);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    UsmBuffer words(UsmKind kind, std::uint32_t first) {
        auto made = UsmBuffer::allocate(*context_, kind, kWords * 4, Exportable::no);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        std::vector<std::uint32_t> values(kWords);
        std::iota(values.begin(), values.end(), first);
        test::write_bytes(*context_, made->data(), std::as_bytes(std::span(values)));
        return std::move(*made);
    }

    std::optional<Module> module_;
};

TEST_F(KernelTest, adds_two_buffers_of_any_kind_on_either_kind_of_command_list) {
    const UsmBuffer a = words(UsmKind::device, 5);
    const UsmBuffer b = words(UsmKind::host, 7);
    const UsmBuffer sums = words(UsmKind::shared, 0);
    Kernel add = new_kernel("add");
    EXPECT_EQ(add.argument_count(), 4U);
    ASSERT_TRUE(add.set_pointer(0, a.data()).ok());
    ASSERT_TRUE(add.set_pointer(1, b.data()).ok());
    ASSERT_TRUE(add.set_pointer(2, sums.data()).ok());
    ASSERT_TRUE(add.set_argument(3, bytes_of(kWords)).ok());
    const auto size = add.suggest_group_size({kWords, 1, 1});
    ASSERT_TRUE(size.ok()) << to_string(size.error());
    ASSERT_TRUE(add.set_group_size(*size).ok());
    for (const auto kind : {CommandList::Kind::immediate, CommandList::Kind::recorded}) {
        test::write_bytes(*context_, sums.data(), test::pattern(kWords * 4, 1));
        auto list = CommandList::create(*context_, kind);
        ASSERT_TRUE(list.ok());
        ASSERT_TRUE(list->launch(add, {(kWords + size->x - 1) / size->x, 1, 1}).ok());
        if (kind == CommandList::Kind::recorded) {
            ASSERT_TRUE(list->submit().ok());
        }
        ASSERT_TRUE(list->wait(kLongNs).ok());
        const auto bytes = test::read_bytes(*context_, sums.data(), kWords * 4);
        for (std::uint32_t i = 0; i < kWords; ++i) {
            std::uint32_t sum = 0;
            std::memcpy(&sum, bytes.data() + i * 4, 4);
            ASSERT_EQ(sum, 12 + 2 * i);
        }
    }
}

TEST_F(KernelTest, is_listed_by_its_module_and_found_by_its_name_only) {
    const auto names = module_->kernel_names();
    ASSERT_TRUE(names.ok());
    EXPECT_THAT(*names, ElementsAre("add", "locate", "step", "show", "fault"));
    const auto missing = Kernel::create(*module_, "subtract");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_THAT(missing.error().message,
                AllOf(HasSubstr("subtract"), HasSubstr("add, locate, step, show, fault")));
}

TEST_F(KernelTest, names_the_argument_or_group_size_that_does_not_fit) {
    Kernel step = new_kernel("step");
    const auto beyond = step.set_argument(3, bytes_of(kWords));
    ASSERT_FALSE(beyond.ok());
    EXPECT_EQ(beyond.error().code, Errc::invalid_argument);
    EXPECT_THAT(beyond.error().message,
                HasSubstr("argument 3 of kernel step to 4 bytes; it has 3 arguments"));
    const auto groups = step.set_group_size({2, 1, 1});
    ASSERT_FALSE(groups.ok());
    EXPECT_EQ(groups.error().code, Errc::invalid_argument);
    EXPECT_THAT(groups.error().message, HasSubstr("kernel step does not run in groups of 2x1x1"));
    const auto none = step.suggest_group_size({0, 1, 1});
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, Errc::invalid_argument);
}

TEST_F(KernelTest, is_not_launched_before_all_its_arguments_are_set) {
    const Kernel add = new_kernel("add");
    auto list = CommandList::create(*context_, CommandList::Kind::immediate);
    ASSERT_TRUE(list.ok());
    const auto launched = list->launch(add, {});
    ASSERT_FALSE(launched.ok());
    EXPECT_EQ(launched.error().code, Errc::invalid_argument);
    EXPECT_THAT(launched.error().message, HasSubstr("cannot launch kernel add"));
    EXPECT_TRUE(list->wait(kLongNs).ok());
}

TEST_F(KernelTest, is_not_made_of_code_that_the_device_does_not_know_and_the_log_says_why) {
    const auto faulty = Module::create(*context_, ModuleFormat::native, image("faulty_other_abi"));
    ASSERT_FALSE(faulty.ok());
    EXPECT_EQ(faulty.error().code, Errc::unsupported);
    EXPECT_THAT(faulty.error().message,
                AllOf(HasSubstr("bytes of native code: "), HasSubstr("built for kernel ABI 2")));
    const auto spirv = Module::create(*context_, ModuleFormat::spirv, test::pattern(64, 1));
    ASSERT_FALSE(spirv.ok());
    EXPECT_EQ(spirv.error().code, Errc::unsupported);
    EXPECT_THAT(spirv.error().message, HasSubstr("no compiler"));
    const auto nothing = Module::create(*context_, ModuleFormat::native, {});
    ASSERT_FALSE(nothing.ok());
    EXPECT_EQ(nothing.error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace mrda::l0
