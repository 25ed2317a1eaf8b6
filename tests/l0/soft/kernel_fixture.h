// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ze_fixture.h"

namespace mrda::ze_soft_test {

/// The bytes of a module of tests/l0/kernels.
std::vector<uint8_t> module_bytes(const std::string& name);

/// The software device, and modules on it.
class SoftModules : public SoftDevice {
  protected:
    ze_result_t create(const std::vector<uint8_t>& bytes, ze_module_format_t format,
                       ze_module_handle_t* module, ze_module_build_log_handle_t* log = nullptr);
    ze_module_handle_t new_module(const std::string& name = "kernels");
    static ze_kernel_handle_t new_kernel(ze_module_handle_t module, const char* name);
    /// Of a log, which it destroys.
    static std::string text_of(ze_module_build_log_handle_t log);
};

/// The module "kernels", and a list on which it runs at once.
class SoftKernels : public SoftModules {
  protected:
    void SetUp() override;
    void TearDown() override;
    uint32_t* allocate_words(std::size_t count);
    ze_result_t launch(ze_kernel_handle_t kernel, ze_group_count_t count);

    ze_module_handle_t module_ = nullptr;
    ze_command_list_handle_t list_ = nullptr;
};

template <typename Value>
ze_result_t set(ze_kernel_handle_t kernel, uint32_t index, const Value& value) {
    return zeKernelSetArgumentValue(kernel, index, sizeof value, &value);
}

}  // namespace mrda::ze_soft_test
