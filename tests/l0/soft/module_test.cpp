// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>

#include "kernel_fixture.h"

namespace mrda::ze_soft_test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(SoftModules, of_this_machines_code_list_their_kernels) {
    const auto module = new_module();
    uint32_t count = 0;
    ASSERT_EQ(zeModuleGetKernelNames(module, &count, nullptr), ZE_RESULT_SUCCESS);
    std::vector<const char*> names(count);
    ASSERT_EQ(zeModuleGetKernelNames(module, &count, names.data()), ZE_RESULT_SUCCESS);
    EXPECT_THAT(std::vector<std::string>(names.begin(), names.end()),
                ElementsAre("add", "locate", "step", "show", "fault"));
    ze_module_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_MODULE_PROPERTIES;
    properties.flags = ZE_MODULE_PROPERTY_FLAG_IMPORTS;
    ASSERT_EQ(zeModuleGetProperties(module, &properties), ZE_RESULT_SUCCESS);
    EXPECT_EQ(properties.flags, 0U);
    EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
}

TEST_F(SoftModules, give_their_native_binary_back_of_which_another_can_be_made) {
    const auto bytes = module_bytes("kernels");
    const auto first = new_module();
    std::size_t size_bytes = 0;
    ASSERT_EQ(zeModuleGetNativeBinary(first, &size_bytes, nullptr), ZE_RESULT_SUCCESS);
    ASSERT_EQ(size_bytes, bytes.size());
    std::vector<uint8_t> back(size_bytes);
    ASSERT_EQ(zeModuleGetNativeBinary(first, &size_bytes, back.data()), ZE_RESULT_SUCCESS);
    EXPECT_EQ(back, bytes);
    ze_module_handle_t second = nullptr;
    ASSERT_EQ(create(back, ZE_MODULE_FORMAT_NATIVE, &second), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeModuleDestroy(first), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeModuleDestroy(second), ZE_RESULT_SUCCESS);
}

TEST_F(SoftModules, that_were_made_have_an_empty_build_log) {
    ze_module_handle_t module = nullptr;
    ze_module_build_log_handle_t log = nullptr;
    ASSERT_EQ(create(module_bytes("kernels"), ZE_MODULE_FORMAT_NATIVE, &module, &log),
              ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
    EXPECT_EQ(text_of(log), "") << "a log outlives its module";
}

TEST_F(SoftModules, that_stay_in_memory_do_not_stand_in_for_later_ones) {
    for (const char* const name : {"resident_kernels", "faulty_no_table", "kernels"}) {
        ze_module_handle_t module = nullptr;
        const auto expected = std::string(name) == "faulty_no_table"
                                  ? ZE_RESULT_ERROR_INVALID_NATIVE_BINARY
                                  : ZE_RESULT_SUCCESS;
        ASSERT_EQ(create(module_bytes(name), ZE_MODULE_FORMAT_NATIVE, &module), expected) << name;
        if (expected == ZE_RESULT_SUCCESS) {
            EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
        }
    }
}

TEST_F(SoftModules, come_and_go_without_a_trace) {
    const auto bytes = module_bytes("kernels");
    const auto cycle = [&] {
        ze_module_handle_t module = nullptr;
        ASSERT_EQ(create(bytes, ZE_MODULE_FORMAT_NATIVE, &module), ZE_RESULT_SUCCESS);
        ASSERT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
    };
    cycle();
    const auto before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        cycle();
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SoftModules, do_not_go_before_their_kernels) {
    const auto module = new_module();
    const auto kernel = new_kernel(module, "add");
    EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE);
    EXPECT_EQ(zeKernelDestroy(kernel), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
}

// The loader, where it wraps handles, leaves that of a failed module's log as the driver made it,
// and then follows it as if it were its own: such logs can be read without wrapping only.
TEST_F(SoftModules, with_a_fault_are_refused_by_its_name_in_the_build_log) {
    const std::pair<const char*, const char*> faults[] = {
        {"no_table", "does not export mrda_soft_kernels"},
        {"other_abi", "built for kernel ABI 2, this driver has 1"},
        {"no_kernels", "its table has no kernels"},
        {"no_code", "a kernel has no name, no code"},
        {"short_pointer", "kernel nothing: argument 0 is of kind 1 and 4 bytes"},
        {"long_arguments", "kernel nothing has more than 8192 bytes of arguments"},
        {"large_groups", "kernel nothing requires groups of more than 1024 instances"},
        {"missing_symbol", "mrda_nobody_has_this"},
    };
    for (const auto& [fault, words] : faults) {
        SCOPED_TRACE(fault);
        ze_module_handle_t module = nullptr;
        ze_module_build_log_handle_t log = nullptr;
        EXPECT_EQ(create(module_bytes(std::string("faulty_") + fault), ZE_MODULE_FORMAT_NATIVE,
                         &module, &log),
                  ZE_RESULT_ERROR_INVALID_NATIVE_BINARY);
        EXPECT_EQ(module, nullptr);
        EXPECT_THAT(text_of(log), HasSubstr(words));
    }
}

TEST_F(SoftModules, of_other_bytes_are_refused_in_words) {
    auto other_machine = module_bytes("kernels");
    other_machine[18] = 183;  // e_machine: AArch64
    auto cut = module_bytes("kernels");
    cut.resize(cut.size() / 4);
    const std::pair<std::vector<uint8_t>, const char*> bytes[] = {
        {{1, 2, 3}, "it has 3 bytes"},
        {std::vector<uint8_t>(4096, 7), "it is no ELF file"},
        {other_machine, "no shared object for x86-64"},
        {cut, "it is cut off after"},
    };
    for (const auto& [given, words] : bytes) {
        ze_module_handle_t module = nullptr;
        ze_module_build_log_handle_t log = nullptr;
        EXPECT_EQ(create(given, ZE_MODULE_FORMAT_NATIVE, &module, &log),
                  ZE_RESULT_ERROR_INVALID_NATIVE_BINARY);
        EXPECT_THAT(text_of(log), HasSubstr(words));
    }
}

TEST_F(SoftModules, of_spirv_are_refused_saying_that_there_is_no_compiler) {
    ze_module_handle_t module = nullptr;
    ze_module_build_log_handle_t log = nullptr;
    EXPECT_EQ(create({3, 2, 35, 7}, ZE_MODULE_FORMAT_IL_SPIRV, &module, &log),
              ZE_RESULT_ERROR_UNSUPPORTED_FEATURE);
    EXPECT_THAT(text_of(log), HasSubstr("no compiler"));
}

TEST_F(SoftModules, of_nothing_or_asked_wrongly_are_refused) {
    ze_module_handle_t module = nullptr;
    EXPECT_EQ(zeModuleCreate(context_, device_, nullptr, &module, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    ze_module_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_MODULE_DESC;
    desc.format = ZE_MODULE_FORMAT_NATIVE;
    EXPECT_EQ(zeModuleCreate(context_, device_, &desc, &module, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    const uint8_t byte = 0;
    desc.pInputModule = &byte;
    EXPECT_EQ(zeModuleCreate(context_, device_, &desc, &module, nullptr),
              ZE_RESULT_ERROR_INVALID_SIZE);
    desc.inputSize = 1;
    desc.format = static_cast<ze_module_format_t>(2);
    EXPECT_EQ(zeModuleCreate(context_, device_, &desc, &module, nullptr),
              ZE_RESULT_ERROR_INVALID_ENUMERATION);
    int foreign = 0;
    EXPECT_EQ(zeModuleDestroy(reinterpret_cast<ze_module_handle_t>(&foreign)),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
}

TEST_F(SoftModules, have_no_globals_and_no_function_pointers) {
    const auto module = new_module();
    void* pointer = nullptr;
    EXPECT_EQ(zeModuleGetGlobalPointer(module, "anything", nullptr, &pointer),
              ZE_RESULT_ERROR_INVALID_GLOBAL_NAME);
    EXPECT_EQ(zeModuleGetFunctionPointer(module, "add", &pointer),
              ZE_RESULT_ERROR_INVALID_FUNCTION_NAME);
    EXPECT_EQ(zeModuleDestroy(module), ZE_RESULT_SUCCESS);
}

}  // namespace mrda::ze_soft_test
