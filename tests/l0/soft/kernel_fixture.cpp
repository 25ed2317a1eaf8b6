// SPDX-License-Identifier: MIT
#include "kernel_fixture.h"

#include <fstream>
#include <iterator>

namespace mrda::ze_soft_test {

std::vector<uint8_t> module_bytes(const std::string& name) {
    std::ifstream file(MRDA_KERNEL_DIR "/" + name + ".so", std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

ze_result_t SoftModules::create(const std::vector<uint8_t>& bytes, ze_module_format_t format,
                                ze_module_handle_t* module, ze_module_build_log_handle_t* log) {
    ze_module_desc_t desc = {};
    desc.stype = ZE_STRUCTURE_TYPE_MODULE_DESC;
    desc.format = format;
    desc.inputSize = bytes.size();
    desc.pInputModule = bytes.data();
    return zeModuleCreate(context_, device_, &desc, module, log);
}

ze_module_handle_t SoftModules::new_module(const std::string& name) {
    ze_module_handle_t module = nullptr;
    EXPECT_EQ(create(module_bytes(name), ZE_MODULE_FORMAT_NATIVE, &module), ZE_RESULT_SUCCESS);
    return module;
}

ze_kernel_handle_t SoftModules::new_kernel(ze_module_handle_t module, const char* name) {
    const ze_kernel_desc_t desc = {ZE_STRUCTURE_TYPE_KERNEL_DESC, nullptr, 0, name};
    ze_kernel_handle_t kernel = nullptr;
    EXPECT_EQ(zeKernelCreate(module, &desc, &kernel), ZE_RESULT_SUCCESS) << name;
    return kernel;
}

std::string SoftModules::text_of(ze_module_build_log_handle_t log) {
    std::size_t size_bytes = 0;
    EXPECT_EQ(zeModuleBuildLogGetString(log, &size_bytes, nullptr), ZE_RESULT_SUCCESS);
    std::string text(size_bytes, 'x');
    EXPECT_EQ(zeModuleBuildLogGetString(log, &size_bytes, text.data()), ZE_RESULT_SUCCESS);
    EXPECT_EQ(text.back(), '\0');
    text.pop_back();
    EXPECT_EQ(zeModuleBuildLogDestroy(log), ZE_RESULT_SUCCESS);
    return text;
}

void SoftKernels::SetUp() {
    SoftModules::SetUp();
    module_ = new_module();
    list_ = new_immediate_list(ZE_COMMAND_QUEUE_MODE_SYNCHRONOUS);
}

// A module is refused to go while a kernel of it lives: so this also proves that a test cleans up.
void SoftKernels::TearDown() {
    EXPECT_EQ(zeCommandListDestroy(list_), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeModuleDestroy(module_), ZE_RESULT_SUCCESS);
    SoftModules::TearDown();
}

uint32_t* SoftKernels::allocate_words(std::size_t count) {
    return reinterpret_cast<uint32_t*>(allocate_device(count * sizeof(uint32_t)));
}

ze_result_t SoftKernels::launch(ze_kernel_handle_t kernel, ze_group_count_t count) {
    return zeCommandListAppendLaunchKernel(list_, kernel, &count, nullptr, 0, nullptr);
}

}  // namespace mrda::ze_soft_test
