// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "mrda/interop/fd.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/ze_soft/kernel.h"

namespace mrda::ze_soft {

struct LibraryPolicy {
    using Handle = void*;
    static Handle null() { return nullptr; }
    static void close(Handle library);
};

/// A shared object of this machine, given as bytes, and the kernels in it. Immutable; stays loaded
/// for as long as anybody holds it: commands do until they have run. Thread-safe.
class NativeBinary {
  public:
    /// Copies the bytes. Errors: unsupported (not one for this device, with the reason), what the
    /// system says.
    static Result<std::shared_ptr<const NativeBinary>> load(std::span<const std::byte> bytes);

    [[nodiscard]] std::span<const mrda_soft_kernel> kernels() const {
        return {module_->kernels, module_->kernel_count};
    }
    /// Or null.
    [[nodiscard]] const mrda_soft_kernel* find(std::string_view name) const;
    [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
    /// The first `into.size()` of the bytes it was loaded from.
    [[nodiscard]] Result<void> read(std::span<std::byte> into) const;

  private:
    NativeBinary() = default;

    Fd object_;
    std::size_t size_bytes_ = 0;
    Owned<LibraryPolicy> library_;
    const mrda_soft_module* module_ = nullptr;
};

}  // namespace mrda::ze_soft
