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

/// A device without a region of MRDA's can be meant by its address alone.
bool is_wanted(const ivshmem::PciDevice& device, const ivshmem::RegionHeader& header,
               const std::string& wanted) {
    const auto address = parse_pci_address(wanted);
    if (address.ok()) {
        return *address == device.address();
    }
    return ivshmem::is_region_header(header) &&
           (wanted.empty() || ivshmem::region_name(header) == wanted);
}

bool has_region(const ivshmem::RegionHeader& header, const v1::Region& told) {
    return ivshmem::is_region_header(header) && told.id().size() == header.id.size() &&
           std::memcmp(told.id().data(), header.id.data(), header.id.size()) == 0;
}

std::string called(const std::string& wanted) {
    return wanted.empty() ? std::string() : " called " + wanted;
}

}  // namespace

Result<Reach> reach_of(const std::string& in_path, const std::string& out_path,
                       const std::string& wake, const std::string& address,
                       const ivshmem::PciPaths& paths) {
    Reach reach;
    reach.paths = paths;
    reach.wake = wake;
    const bool in = names_device(in_path);
    const bool out = names_device(out_path);
    if ((in && !out && !out_path.empty()) || (out && !in && !in_path.empty())) {
        return make_error(Errc::invalid_argument,
                          "config.in_device_path = " + in_path +
                              ", config.out_device_path = " + out_path +
                              ": wanted are two devices of this machine (\"pci:...\") or two paths "
                              "of the service's system");
    }
    if (in || out) {
        reach.by_device = true;
        reach.in_device = in ? in_path.substr(kPrefix.size()) : "";
        reach.out_device = out ? out_path.substr(kPrefix.size()) : "";
    } else if (in_path.empty() && out_path.empty() && address.rfind("unix:", 0) != 0) {
        reach.by_device = !ivshmem::list_ivshmem_devices(paths).empty();
        reach.or_own_system = reach.by_device;
    }
    return reach;
}

Devices Devices::look(const ivshmem::PciPaths& paths) {
    Devices devices;
    for (const PciAddress& address : ivshmem::list_ivshmem_devices(paths)) {
        auto device = ivshmem::share_ivshmem_device(address, paths);
        const auto header = device.ok() ? (*device)->header() : device.error();
        if (header.ok()) {
            devices.found_.push_back({std::move(*device), *header});
        } else {
            devices.refused_ += "; " + to_string(address) + ": " + to_string(header.error());
        }
    }
    return devices;
}

bool Devices::have_regions() const {
    return std::any_of(found_.begin(), found_.end(),
                       [](const Found& found) { return ivshmem::is_region_header(found.header); });
}

std::string Devices::words() const {
    std::string words;
    for (const Found& found : found_) {
        words += "; " + to_string(found.device->address()) + ": region " +
                 (ivshmem::is_region_header(found.header) ? ivshmem::region_name(found.header)
                                                          : "none of MRDA's");
    }
    return words.empty() && refused_.empty() ? "; there is none" : words + refused_;
}

Result<v1::WakeOffer> Devices::offer(const Reach& reach) const {
    v1::WakeOffer offer;
    std::string why =
        "no IVSHMEM device" + called(reach.in_device) + " has a region of MRDA's" + words();
    std::size_t wanted = 0;
    std::size_t interrupted = 0;
    std::size_t ringing = 0;
    for (const Found& found : found_) {
        if (!is_wanted(*found.device, found.header, reach.in_device)) {
            continue;
        }
        ++wanted;
        ringing += found.device->has_doorbell() ? 1 : 0;
        const auto event = found.device->interrupt(0);
        interrupted += event.ok() ? 1 : 0;
        why = event.ok() ? why : to_string(event.error());
    }
    const bool demanded = reach.wake == "interrupt";
    if (demanded && interrupted == 0) {
        return make_error(Errc::unsupported, "config.wake = interrupt: " + why);
    }
    const bool any = reach.wake.empty();
    if (demanded || (any && wanted > 0 && interrupted == wanted)) {
        offer.add_guest(v1::WAKE_BY_DOORBELL);
    }
    if (any || reach.wake == "stream") {
        offer.add_guest(v1::WAKE_BY_STREAM);
    }
    if (any || reach.wake == "polling") {
        offer.add_guest(v1::WAKE_BY_POLLING);
    }
    if ((demanded || any) && wanted > 0 && ringing == wanted) {
        offer.add_host(v1::WAKE_BY_DOORBELL);
    }
    offer.add_host(reach.wake == "polling" ? v1::WAKE_BY_POLLING : v1::WAKE_BY_STREAM);
    return offer;
}

Result<std::shared_ptr<ivshmem::PciDevice>> Devices::find(const v1::Region& told,
                                                          const std::string& wanted) const {
    for (const Found& found : found_) {
        const auto header = found.device->header();
        if (header.ok() && has_region(*header, told) && is_wanted(*found.device, *header, wanted)) {
            return found.device;
        }
    }
    return make_error(Errc::not_found,
                      "no IVSHMEM device of this machine" + called(wanted) +
                          " has the service's region " + told.name() + words() +
                          "; is the device given to this machine, and the token this machine's?");
}

}  // namespace mrda::guest::core
