// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "context.h"
#include "native_binary.h"

namespace mrda::ze_soft {

/// What became of a module's making, in words. Immutable.
struct BuildLog {
    std::string text;
};

/// A native binary on a context. It counts its kernels, so that it is not destroyed beneath them.
/// Thread-safe.
class Module {
  public:
    Module(std::shared_ptr<Context> context, std::shared_ptr<const NativeBinary> binary)
        : use_(std::move(context)), binary_(std::move(binary)) {}

    [[nodiscard]] const std::shared_ptr<Context>& context() const { return use_.context(); }
    [[nodiscard]] const std::shared_ptr<const NativeBinary>& binary() const { return binary_; }
    [[nodiscard]] bool in_use() const { return kernels_.load() != 0; }

  private:
    friend class ModuleUse;
    const ContextUse use_;
    const std::shared_ptr<const NativeBinary> binary_;
    std::atomic<std::size_t> kernels_ = 0;
};

/// Held by each kernel of a module, for as long as its handle lives.
class ModuleUse {
  public:
    explicit ModuleUse(std::shared_ptr<Module> module) : module_(std::move(module)) {
        ++module_->kernels_;
    }
    ModuleUse(const ModuleUse&) = delete;
    ModuleUse& operator=(const ModuleUse&) = delete;
    ~ModuleUse() { --module_->kernels_; }

    [[nodiscard]] const Module& module() const { return *module_; }

  private:
    const std::shared_ptr<Module> module_;
};

}  // namespace mrda::ze_soft
