// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/l0/context.h"

namespace mrda::l0 {

struct ModulePolicy {
    using Handle = ze_module_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle module);
};
struct KernelPolicy {
    using Handle = ze_kernel_handle_t;
    static Handle null() { return nullptr; }
    static void close(Handle kernel);
};

enum class ModuleFormat : std::uint8_t {
    spirv,   ///< The driver compiles it.
    native,  ///< The device's own code; of the software device see mrda/ze_soft/kernel.h.
};

std::string_view to_string(ModuleFormat format);

/// How many of something in each of three dimensions.
struct Extent {
    std::uint32_t x = 1;
    std::uint32_t y = 1;
    std::uint32_t z = 1;

    bool operator==(const Extent&) const = default;
};

/// Code for one device. Move-only; the Context must outlive it. Const calls may be made from
/// several threads at once.
class Module {
  public:
    /// Compiles or loads `image`, which is the caller's and may go at once; that may take seconds.
    /// Errors: unsupported (the driver cannot build or load it: the message ends with its build
    /// log), invalid_argument (no bytes).
    static Result<Module> create(const Context& context, ModuleFormat format,
                                 std::span<const std::byte> image);

    /// Of all its kernels.
    [[nodiscard]] Result<std::vector<std::string>> kernel_names() const;
    [[nodiscard]] ze_module_handle_t handle() const { return module_.get(); }

  private:
    Module() = default;

    Owned<ModulePolicy> module_;
};

/// One kernel of a module with its arguments and group size, which a launch takes as they are then.
/// Move-only, for one thread at a time; the Module must outlive it.
class Kernel {
  public:
    /// Errors: not_found (no such kernel; the message lists those there are).
    static Result<Kernel> create(const Module& module, const std::string& name);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint32_t argument_count() const { return argument_count_; }

    /// Copies `value`. Errors: invalid_argument (no such argument, or of another size).
    [[nodiscard]] Result<void> set_argument(std::uint32_t index, std::span<const std::byte> value);
    /// An argument that is a pointer: to USM, or null. The memory must stay until the launch is
    /// done. Errors: as above; invalid_argument (memory that the device does not know).
    [[nodiscard]] Result<void> set_pointer(std::uint32_t index, const void* usm);

    /// Instances of one group. Errors: invalid_argument (0, too many for the device, or not as the
    /// kernel requires).
    [[nodiscard]] Result<void> set_group_size(Extent size);
    /// What the driver thinks best for `instances` in all. They need not be a multiple of it.
    [[nodiscard]] Result<Extent> suggest_group_size(Extent instances) const;

    [[nodiscard]] ze_kernel_handle_t handle() const { return kernel_.get(); }

  private:
    Kernel() = default;

    std::string name_;
    std::uint32_t argument_count_ = 0;
    Owned<KernelPolicy> kernel_;
};

}  // namespace mrda::l0
