// SPDX-License-Identifier: MIT
#include "mrda/l0/kernel.h"

#include <cstdlib>
#include <string_view>

#include "ze_error.h"

namespace mrda::l0 {

namespace {

/// Where the loader serves several drivers, it wraps their handles in objects of its own, but not
/// the build log of a module that failed: it then follows the driver's handle as if it were its
/// own, and the process ends (seen in 1.8.12, read in later ones). So there none is asked for.
bool loader_wraps_handles() {
    std::uint32_t drivers = 0;
    return std::getenv("ZE_ENABLE_LOADER_INTERCEPT") != nullptr ||
           zeDriverGet(&drivers, nullptr) != ZE_RESULT_SUCCESS || drivers > 1;
}

/// The log's words; it is gone after that.
std::string take_text(ze_module_build_log_handle_t log) {
    std::size_t size_bytes = 0;
    std::string text;
    if (zeModuleBuildLogGetString(log, &size_bytes, nullptr) == ZE_RESULT_SUCCESS) {
        text.resize(size_bytes);
        if (zeModuleBuildLogGetString(log, &size_bytes, text.data()) != ZE_RESULT_SUCCESS) {
            text.clear();
        }
    }
    zeModuleBuildLogDestroy(log);
    text.resize(std::string_view(text).find_last_not_of(std::string_view("\0\n ", 3)) + 1);
    return text;
}

std::string extent_text(Extent extent) {
    return std::to_string(extent.x) + "x" + std::to_string(extent.y) + "x" +
           std::to_string(extent.z);
}

}  // namespace

std::string_view to_string(ModuleFormat format) {
    return format == ModuleFormat::spirv ? "SPIR-V" : "native";
}

void ModulePolicy::close(Handle module) {
    zeModuleDestroy(module);
}
void KernelPolicy::close(Handle kernel) {
    zeKernelDestroy(kernel);
}

Result<Module> Module::create(const Context& context, ModuleFormat format,
                              std::span<const std::byte> image) {
    if (image.empty()) {
        return make_error(Errc::invalid_argument, "a module of no bytes asked for");
    }
    ze_module_desc_t description{};
    description.stype = ZE_STRUCTURE_TYPE_MODULE_DESC;
    description.format =
        format == ModuleFormat::spirv ? ZE_MODULE_FORMAT_IL_SPIRV : ZE_MODULE_FORMAT_NATIVE;
    description.inputSize = image.size();
    description.pInputModule = reinterpret_cast<const std::uint8_t*>(image.data());
    const bool with_log = !loader_wraps_handles();
    ze_module_handle_t handle = nullptr;
    ze_module_build_log_handle_t log = nullptr;
    const ze_result_t result = zeModuleCreate(context.handle(), context.device(), &description,
                                              &handle, with_log ? &log : nullptr);
    const std::string text = log != nullptr ? take_text(log) : std::string();
    if (result != ZE_RESULT_SUCCESS) {
        const std::string why =
            !with_log      ? "; the driver's build log can be had only while it is the only driver"
            : text.empty() ? ", and its driver says no more"
                           : ": " + text;
        return ze_error("zeModuleCreate", result,
                        "cannot make a module of " + std::to_string(image.size()) + " bytes of " +
                            std::string(to_string(format)) + " code" + why);
    }
    Module module;
    module.module_.reset(handle);
    return module;
}

Result<std::vector<std::string>> Module::kernel_names() const {
    std::uint32_t count = 0;
    MRDA_ZE_TRY(zeModuleGetKernelNames, (module_.get(), &count, nullptr), "cannot list kernels");
    std::vector<const char*> names(count);
    if (count != 0) {
        MRDA_ZE_TRY(zeModuleGetKernelNames, (module_.get(), &count, names.data()),
                    "cannot list kernels");
    }
    return std::vector<std::string>(names.begin(), names.end());
}

Result<Kernel> Kernel::create(const Module& module, const std::string& name) {
    ze_kernel_desc_t description{};
    description.stype = ZE_STRUCTURE_TYPE_KERNEL_DESC;
    description.pKernelName = name.c_str();
    ze_kernel_handle_t handle = nullptr;
    if (const ze_result_t result = zeKernelCreate(module.handle(), &description, &handle);
        result != ZE_RESULT_SUCCESS) {
        std::string there;
        if (const auto names = module.kernel_names()) {
            for (const std::string& one : *names) {
                there += (there.empty() ? "" : ", ") + one;
            }
        }
        return ze_error(
            "zeKernelCreate", result,
            "cannot make kernel " + name + "; the module has " + (there.empty() ? "none" : there));
    }
    Kernel kernel;
    kernel.kernel_.reset(handle);
    kernel.name_ = name;
    ze_kernel_properties_t properties{};
    properties.stype = ZE_STRUCTURE_TYPE_KERNEL_PROPERTIES;
    MRDA_ZE_TRY(zeKernelGetProperties, (handle, &properties), "cannot describe kernel " + name);
    kernel.argument_count_ = properties.numKernelArgs;
    return kernel;
}

Result<void> Kernel::set_argument(std::uint32_t index, std::span<const std::byte> value) {
    MRDA_ZE_TRY(zeKernelSetArgumentValue, (kernel_.get(), index, value.size(), value.data()),
                "cannot set argument " + std::to_string(index) + " of kernel " + name_ + " to " +
                    std::to_string(value.size()) + " bytes; it has " +
                    std::to_string(argument_count_) + " arguments");
    return {};
}

Result<void> Kernel::set_pointer(std::uint32_t index, const void* usm) {
    return set_argument(index, std::as_bytes(std::span(&usm, 1)));
}

Result<void> Kernel::set_group_size(Extent size) {
    MRDA_ZE_TRY(zeKernelSetGroupSize, (kernel_.get(), size.x, size.y, size.z),
                "kernel " + name_ + " does not run in groups of " + extent_text(size));
    return {};
}

Result<Extent> Kernel::suggest_group_size(Extent instances) const {
    Extent size;
    MRDA_ZE_TRY(
        zeKernelSuggestGroupSize,
        (kernel_.get(), instances.x, instances.y, instances.z, &size.x, &size.y, &size.z),
        "kernel " + name_ + " has no group size for " + extent_text(instances) + " instances");
    return size;
}

}  // namespace mrda::l0
