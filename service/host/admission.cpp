// SPDX-License-Identifier: MIT
#include "admission.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

Error vm_exhausted(const Vm& vm, const std::string& what) {
    return make_error(Errc::exhausted, "VM " + vm.config.name + ": " + what);
}

}  // namespace

Result<void> take_create_credit(Vm& vm) {
    const std::uint64_t now = ivshmem::now_ns();
    const double most = vm.config.max_creates_per_second;
    const double seconds = vm.credit_at_ns == 0 ? 1.0
                                                : static_cast<double>(now - vm.credit_at_ns) /
                                                      static_cast<double>(kNsPerSecond);
    vm.create_credit = std::min(most, vm.create_credit + seconds * most);
    vm.credit_at_ns = now;
    if (vm.create_credit < 1.0) {
        return vm_exhausted(vm, "over " + std::to_string(vm.config.max_creates_per_second) +
                                    " sessions created per second; try again in a second");
    }
    vm.create_credit -= 1.0;
    return {};
}

Result<Placement> admit(const Vm& vm, const SessionPlan& plan, ResourceManager& resources) {
    const VmConfig& caps = vm.config;
    const std::uint64_t pixels = plan.pixels_per_second();
    if (vm.sessions >= caps.max_sessions) {
        return vm_exhausted(vm, std::to_string(vm.sessions) + " sessions of " +
                                    std::to_string(caps.max_sessions) +
                                    " are there; stop one, or raise max_sessions");
    }
    if (pixels > caps.max_pixels_per_second ||
        vm.pixels_per_second > caps.max_pixels_per_second - pixels) {
        return vm_exhausted(vm, std::to_string(pixels) + " pixels per second asked, " +
                                    std::to_string(vm.pixels_per_second) + " in use of " +
                                    std::to_string(caps.max_pixels_per_second));
    }
    return resources.place(pixels);
}

}  // namespace mrda::service
