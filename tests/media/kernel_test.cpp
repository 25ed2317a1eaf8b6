// SPDX-License-Identifier: MIT
#include "mrda/media/kernel.h"

#include <array>
#include <numeric>

#include "units_fixture.h"

namespace mrda::media {
namespace {

std::unique_ptr<Kernel> open_on(Context& context, const std::string& unit,
                                std::uint32_t channel = 0) {
    KernelProperties properties;
    properties.plugin = "kernel";
    properties.unit_name = unit;
    properties.channel = channel;
    return Kernel::open(context, properties).value();
}

mrda_parameter result_named(const char* name, std::uint32_t type = MRDA_PARAMETER_INTEGER) {
    mrda_parameter parameter{};
    parameter.name = name;
    parameter.type = type;
    return parameter;
}

TEST(MediaKernel, takes_typed_parameters_and_gives_typed_results) {
    const auto context = context_with({place("return")});
    const auto kernel = open_on(*context, "return");
    const std::vector<Parameter> work{
        {"number", std::int64_t{-5}}, {"real", 1.25}, {"narrow", std::int64_t{40'000}}};
    ASSERT_TRUE(kernel->write(work).value());
    std::array results{result_named("return_code"), result_named("real", MRDA_PARAMETER_REAL),
                       result_named("narrow")};
    ASSERT_EQ(kernel->read(kLong, results).value(), Status::ok);
    EXPECT_EQ(results[0].value.integer, -5);
    EXPECT_EQ(results[1].value.real, 2.5);
    EXPECT_EQ(results[2].value.integer, 40'001 - 65'536);
    EXPECT_EQ(kernel->read(0, results).value(), Status::send_more);
}

TEST(MediaKernel, says_that_its_unit_failed_where_nobody_asks_for_the_code) {
    const auto context = context_with({place("return")});
    const auto kernel = open_on(*context, "return");
    ASSERT_TRUE(kernel->write(std::vector<Parameter>{{"number", std::int64_t{3}}}).value());
    expect_error(kernel->read(kLong, {}), Errc::io, "unit return returned 3");
    EXPECT_EQ(kernel->read(0, {}).value(), Status::send_more);
}

TEST(MediaKernel, refuses_what_it_does_not_know_and_keeps_the_work) {
    const auto context = context_with({place("return")});
    const auto kernel = open_on(*context, "return");
    expect_error(kernel->write(std::vector<Parameter>{{"colour", std::int64_t{1}}}),
                 Errc::invalid_argument, "which has number, real, narrow");
    expect_error(kernel->write(std::vector<Parameter>{{"narrow", std::int64_t{65'536}}}),
                 Errc::invalid_argument, "does not fit into 2 bytes");
    expect_error(kernel->write(std::vector<Parameter>{{"narrow", 0.5}}), Errc::invalid_argument,
                 "reals into 4 and 8");
    ASSERT_TRUE(kernel->write({}).value());
    std::array unknown{result_named("colour")};
    expect_error(kernel->read(kLong, unknown), Errc::invalid_argument, "no argument \"colour\"");
    EXPECT_EQ(kernel->read(kLong, {}).value(), Status::ok);
}

TEST(MediaKernel, keeps_the_work_of_who_asks_wrongly_for_its_results) {
    const auto context = context_with({place("return")});
    const auto kernel = open_on(*context, "return");
    ASSERT_TRUE(kernel->write({}).value());
    std::array text{result_named("number", MRDA_PARAMETER_TEXT)};
    expect_error(kernel->read(kLong, text), Errc::invalid_argument, "reals into 4 and 8");
    std::array nameless{result_named(nullptr)};
    expect_error(kernel->read(kLong, nameless), Errc::invalid_argument, "without a name");
    std::array buffer{result_named("number", MRDA_PARAMETER_BUFFER)};
    expect_error(kernel->read(kLong, buffer), Errc::invalid_argument, "numbers and texts");
    EXPECT_EQ(kernel->read(kLong, {}).value(), Status::ok);
}

TEST(MediaKernel, takes_no_more_work_than_is_read) {
    const auto context = context_with({place("return")});
    const auto kernel = open_on(*context, "return");
    for (std::uint32_t count = 0; count < MRDA_MAX_SCHEDULED; ++count) {
        ASSERT_TRUE(kernel->write({}).value());
    }
    EXPECT_FALSE(kernel->write({}).value());
    ASSERT_EQ(kernel->read(kLong, {}).value(), Status::ok);
    EXPECT_TRUE(kernel->write({}).value());
}

TEST(MediaKernel, wants_a_unit_that_is_placed) {
    const auto context = context_with({});
    KernelProperties properties;
    properties.plugin = "kernel";
    expect_error(Kernel::open(*context, properties), Errc::not_found, "units are placed when");
    properties.plugin = "copy";
    expect_error(Kernel::open(*context, properties), Errc::unsupported, "copy has no kernel");
}

TEST(MediaKernel, does_not_take_a_buffer_of_another_bank) {
    const auto context = context_with({place("bank-1")});
    const auto kernel = open_on(*context, "bank-1");
    const auto buffer = context->devices()[0]->allocate(0, 64).value();
    expect_error(kernel->write(std::vector<Parameter>{{"words", buffer}}), Errc::invalid_argument,
                 "the buffer lies in bank 0");
    expect_error(kernel->write({}), Errc::invalid_argument, "no buffer for argument words");
}

TEST(MediaKernel, keeps_buffers_until_their_results_are_read) {
    const auto context = context_with({place("log")});
    auto buffer = context->devices()[0]->allocate(1, 64).value();
    const std::weak_ptr<const Buffer> watched = buffer;
    const auto kernel = open_on(*context, "log");
    ASSERT_TRUE(kernel->write(std::vector<Parameter>{{"words", std::move(buffer)}}).value());
    EXPECT_FALSE(watched.expired());
    ASSERT_EQ(kernel->read(kLong, {}).value(), Status::ok);
    EXPECT_TRUE(watched.expired());
}

TEST(MediaKernel, of_the_sample_adds_two_buffers_that_no_processor_sees) {
    const auto context = context_with({{"sample-kernel", "add", 0, 1}});
    KernelProperties properties;
    properties.plugin = "sample-kernel";
    const auto kernel = Kernel::open(*context, properties).value();
    constexpr std::uint32_t kCount = 1000;
    std::array<std::shared_ptr<const Buffer>, 3> buffers;
    for (auto& buffer : buffers) {
        buffer = context->devices()[0]->allocate(1, kCount * sizeof(std::uint32_t)).value();
    }
    std::vector<std::uint32_t> words(kCount);
    std::iota(words.begin(), words.end(), 1U);
    ASSERT_TRUE(buffers[0]->write(0, std::as_bytes(std::span(words))).ok());
    ASSERT_TRUE(buffers[1]->write(0, std::as_bytes(std::span(words))).ok());
    const std::vector<Parameter> work{
        {"a", buffers[0]}, {"b", buffers[1]}, {"sum", buffers[2]}, {"count", std::int64_t{kCount}}};
    ASSERT_TRUE(kernel->write(work).value());
    ASSERT_EQ(kernel->read(kLong, {}).value(), Status::ok);
    const auto sums = words_of(*buffers[2], kCount);
    for (std::uint32_t index = 0; index < kCount; ++index) {
        ASSERT_EQ(sums[index], 2 * (index + 1));
    }
    const std::vector<Parameter> too_many{{"a", buffers[0]},
                                          {"b", buffers[1]},
                                          {"sum", buffers[2]},
                                          {"count", std::int64_t{kCount + 1}}};
    expect_error(kernel->write(too_many), Errc::invalid_argument, "count of words");
}

TEST(MediaKernel, sessions_of_one_unit_wait_their_turn_and_see_their_own_values) {
    const auto context = context_with({place("return")});
    std::vector<std::unique_ptr<Kernel>> kernels;
    for (std::uint32_t channel = 0; channel < 4; ++channel) {
        kernels.push_back(open_on(*context, "return", channel));
        const std::vector<Parameter> work{{"number", std::int64_t{channel} + 10}};
        ASSERT_TRUE(kernels.back()->write(work).value());
    }
    for (std::uint32_t channel = 0; channel < 4; ++channel) {
        std::array results{result_named("return_code")};
        ASSERT_EQ(kernels[channel]->read(kLong, results).value(), Status::ok);
        EXPECT_EQ(results[0].value.integer, std::int64_t{channel} + 10);
    }
    EXPECT_EQ(context->units(0)[0]->statistics().sessions, 4U);
}

}  // namespace
}  // namespace mrda::media
