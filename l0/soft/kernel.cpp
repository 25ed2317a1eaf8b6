// SPDX-License-Identifier: MIT
#include "kernel.h"

#include <algorithm>
#include <cstring>

#include "allocation.h"
#include "handle_table.h"

namespace mrda::ze_soft {

namespace {

std::span<const mrda_soft_argument> arguments_of(const mrda_soft_kernel& code) {
    return {code.arguments, code.argument_count};
}

/// Whether the pointer at `value` is one that the device can follow.
bool points_into_usm(const std::byte* value) {
    const void* pointer = nullptr;
    std::memcpy(&pointer, value, sizeof pointer);
    return pointer == nullptr || allocations().find(pointer) != nullptr;
}

}  // namespace

ArgumentValues::ArgumentValues(std::span<const mrda_soft_argument> arguments) {
    std::size_t chunks = 0;
    for (const mrda_soft_argument& argument : arguments) {
        first_.push_back(chunks);
        chunks += (argument.size_bytes + sizeof(Chunk) - 1) / sizeof(Chunk);
    }
    chunks_.resize(chunks);
}

Launch::Launch(const Module& module, const mrda_soft_kernel& code, const GroupSize& group_size,
               const ArgumentValues& values)
    : context_(module.context()),
      binary_(module.binary()),
      code_(code),
      group_size_(group_size),
      values_(values) {
    for (std::size_t i = 0; i < code_.argument_count; ++i) {
        pointers_.push_back(values_.at(i));
    }
}

void Launch::run(const ze_group_count_t& count) const {
    mrda_soft_group group{};
    group.count[0] = count.groupCountX;
    group.count[1] = count.groupCountY;
    group.count[2] = count.groupCountZ;
    std::copy(group_size_.begin(), group_size_.end(), group.size);
    for (group.id[2] = 0; group.id[2] < group.count[2]; ++group.id[2]) {
        for (group.id[1] = 0; group.id[1] < group.count[1]; ++group.id[1]) {
            for (group.id[0] = 0; group.id[0] < group.count[0]; ++group.id[0]) {
                if (context_->lost()) {
                    return;
                }
                if (code_.run(&group, pointers_.data()) != 0) {
                    context_->lose();
                }
            }
        }
    }
}

Kernel::Kernel(std::shared_ptr<Module> module, const mrda_soft_kernel& code)
    : use_(std::move(module)),
      code_(code),
      values_(arguments_of(code)),
      set_(code.argument_count, false) {
    std::transform(std::begin(code.group_size), std::end(code.group_size), group_size_.begin(),
                   [](uint32_t required) { return std::max(required, 1U); });
}

ze_result_t Kernel::set_group_size(const GroupSize& size) {
    uint64_t instances = 1;
    for (std::size_t i = 0; i < size.size(); ++i) {
        const uint32_t required = code_.group_size[i];
        if (size[i] == 0 || size[i] > MRDA_SOFT_MAX_GROUP_SIZE ||
            (required != 0 && size[i] != required)) {
            return ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION;
        }
        instances *= size[i];
    }
    if (instances > MRDA_SOFT_MAX_GROUP_SIZE) {
        return ZE_RESULT_ERROR_INVALID_GROUP_SIZE_DIMENSION;
    }
    group_size_ = size;
    return ZE_RESULT_SUCCESS;
}

ze_result_t Kernel::set_argument(uint32_t index, std::size_t size_bytes, const void* value) {
    if (index >= code_.argument_count) {
        return ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_INDEX;
    }
    const mrda_soft_argument& argument = code_.arguments[index];
    if (size_bytes != argument.size_bytes) {
        return ZE_RESULT_ERROR_INVALID_KERNEL_ARGUMENT_SIZE;
    }
    if (value == nullptr) {
        std::fill_n(values_.at(index), size_bytes, std::byte{0});
    } else {
        const auto* const bytes = static_cast<const std::byte*>(value);
        if (argument.kind == MRDA_SOFT_POINTER && !points_into_usm(bytes)) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        std::copy_n(bytes, size_bytes, values_.at(index));
    }
    set_[index] = true;
    return ZE_RESULT_SUCCESS;
}

ze_result_t Kernel::prepare(std::shared_ptr<const Launch>& launch) const {
    for (std::size_t i = 0; i < code_.argument_count; ++i) {
        const bool pointer = code_.arguments[i].kind == MRDA_SOFT_POINTER;
        if (!set_[i] || (pointer && !points_into_usm(values_.at(i)))) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
    }
    launch = std::make_shared<const Launch>(use_.module(), code_, group_size_, values_);
    return ZE_RESULT_SUCCESS;
}

std::shared_ptr<Kernel> find_kernel(ze_kernel_handle_t handle) {
    return live<Kernel>().find(handle);
}

}  // namespace mrda::ze_soft
