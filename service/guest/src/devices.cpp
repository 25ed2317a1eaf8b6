// SPDX-License-Identifier: MIT
#include "devices.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace mrda::guest::core {

namespace {

constexpr std::string_view kPrefix = "pci:";

bool names_device(const std::string& path) {
    return path.rfind(kPrefix, 0) == 0;
}

bool is_wanted(const ivshmem::PciDevice& device, const ivshmem::RegionHeader& header,
               const std::string& wanted) {
    if (wanted.empty()) {
        return true;
    }
    const auto address = parse_pci_address(wanted);
    return address.ok()
               ? *address == device.address()
               : ivshmem::is_region_header(header) && ivshmem::region_name(header) == wanted;
}

bool has_region(const ivshmem::RegionHeader& header, const v1::Region& told) {
    return ivshmem::is_region_header(header) && told.id().size() == header.id.size() &&
           std::memcmp(told.id().data(), header.id.data(), header.id.size()) == 0;
}

}  // namespace

Reach reach_of(const std::string& in_path, const std::string& out_path, const std::string& wake,
               const std::string& address) {
    Reach reach;
    reach.wake = wake;
    if (names_device(in_path) || names_device(out_path)) {
        reach.by_device = true;
        reach.in_device = names_device(in_path) ? in_path.substr(kPrefix.size()) : "";
        reach.out_device = names_device(out_path) ? out_path.substr(kPrefix.size()) : "";
    } else if (in_path.empty() && out_path.empty() && address.rfind("unix:", 0) != 0) {
        reach.by_device = !ivshmem::list_ivshmem_devices().empty();
    }
    return reach;
}

Devices Devices::look() {
    Devices devices;
    for (const PciAddress& address : ivshmem::list_ivshmem_devices()) {
        auto device = ivshmem::share_ivshmem_device(address);
        const auto header = device.ok() ? (*device)->header() : device.error();
        if (header.ok()) {
            devices.found_.push_back({std::move(*device), *header});
        } else {
            devices.refused_ += "; " + to_string(address) + ": " + to_string(header.error());
        }
    }
    return devices;
}

Result<v1::WakeOffer> Devices::offer(const Reach& reach) const {
    v1::WakeOffer offer;
    std::string why = "no IVSHMEM device can be used" + refused_;
    bool interrupt = false;
    bool doorbell = false;
    for (const Found& found : found_) {
        if (!is_wanted(*found.device, found.header, reach.in_device)) {
            continue;
        }
        doorbell = doorbell || found.device->has_doorbell();
        const auto event = found.device->interrupt(0);
        interrupt = interrupt || event.ok();
        why = event.ok() ? why : to_string(event.error());
    }
    if (reach.wake == "interrupt" && !interrupt) {
        return make_error(Errc::unsupported, "config.wake = interrupt: " + why);
    }
    if (interrupt && (reach.wake.empty() || reach.wake == "interrupt")) {
        offer.add_guest(v1::WAKE_BY_DOORBELL);
    }
    if (reach.wake.empty() || reach.wake == "stream") {
        offer.add_guest(v1::WAKE_BY_STREAM);
    }
    if (reach.wake.empty() || reach.wake == "polling") {
        offer.add_guest(v1::WAKE_BY_POLLING);
    }
    if (doorbell && (reach.wake.empty() || reach.wake == "interrupt")) {
        offer.add_host(v1::WAKE_BY_DOORBELL);
    }
    offer.add_host(reach.wake == "polling" ? v1::WAKE_BY_POLLING : v1::WAKE_BY_STREAM);
    return offer;
}

Result<std::shared_ptr<ivshmem::PciDevice>> Devices::find(const v1::Region& told,
                                                          const std::string& wanted) const {
    std::string seen;
    for (const Found& found : found_) {
        const std::string name =
            ivshmem::is_region_header(found.header) ? ivshmem::region_name(found.header) : "none";
        if (is_wanted(*found.device, found.header, wanted) && has_region(found.header, told)) {
            return found.device;
        }
        seen += "; " + to_string(found.device->address()) + ": region " + name;
    }
    return make_error(Errc::not_found,
                      "no IVSHMEM device of this machine" +
                          (wanted.empty() ? std::string() : " called " + wanted) +
                          " has the service's region " + told.name() +
                          (seen.empty() && refused_.empty() ? "; there is none" : seen + refused_) +
                          "; is the device given to this machine, and the token this machine's?");
}

}  // namespace mrda::guest::core
