// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "module.h"
#include "native_binary.h"

namespace mrda::ze_soft {

using GroupSize = std::array<uint32_t, 3>;

/// The values of a kernel's arguments, zeroed at first, each aligned for any type.
class ArgumentValues {
  public:
    explicit ArgumentValues(std::span<const mrda_soft_argument> arguments);

    [[nodiscard]] std::byte* at(std::size_t index) { return chunks_[first_[index]].bytes; }
    [[nodiscard]] const std::byte* at(std::size_t index) const {
        return chunks_[first_[index]].bytes;
    }

  private:
    struct alignas(16) Chunk {
        std::byte bytes[16];
    };
    std::vector<Chunk> chunks_;
    std::vector<std::size_t> first_;  // each argument's first chunk
};

/// A kernel with all that it needs to run, as it was when the launch was appended. Immutable.
class Launch {
  public:
    Launch(const Module& module, const mrda_soft_kernel& code, const GroupSize& group_size,
           const ArgumentValues& values);
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;
    ~Launch() = default;

    /// Runs every group of `count`, one after another; none where the context is lost, which it is
    /// from the first one on that fails.
    void run(const ze_group_count_t& count) const;

  private:
    const std::shared_ptr<Context> context_;
    const std::shared_ptr<const NativeBinary> binary_;  // keeps the code loaded
    const mrda_soft_kernel& code_;
    const GroupSize group_size_;
    const ArgumentValues values_;
    std::vector<const void*> pointers_;  // into values_
};

/// One kernel of a module, and its arguments in the making. As Level Zero has it, one thread at a
/// time.
class Kernel {
  public:
    Kernel(std::shared_ptr<Module> module, const mrda_soft_kernel& code);

    [[nodiscard]] const mrda_soft_kernel& code() const { return code_; }
    [[nodiscard]] ze_kernel_indirect_access_flags_t indirect_access() const { return indirect_; }
    void set_indirect_access(ze_kernel_indirect_access_flags_t flags) { indirect_ = flags; }

    ze_result_t set_group_size(const GroupSize& size);
    /// `value` null: zeroes. A pointer must be null or point into live USM.
    ze_result_t set_argument(uint32_t index, std::size_t size_bytes, const void* value);
    /// The kernel as it is now; or the code for why it cannot run: an argument was never set, or
    /// its memory has been freed.
    ze_result_t prepare(std::shared_ptr<const Launch>& launch) const;

  private:
    const ModuleUse use_;
    const mrda_soft_kernel& code_;
    GroupSize group_size_{};
    ze_kernel_indirect_access_flags_t indirect_ = 0;
    ArgumentValues values_;
    std::vector<bool> set_;
};

/// The live kernel behind a handle, or null.
std::shared_ptr<Kernel> find_kernel(ze_kernel_handle_t handle);

}  // namespace mrda::ze_soft
