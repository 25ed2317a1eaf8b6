// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "checks.h"
#include "device_subject.h"
#include "subject.h"

namespace mrda::check {

namespace {

/// No multiple of a page, of a cache line or of a word.
constexpr std::uint64_t kBytes = 3 * 4096 + 1234 + 1;
constexpr std::uint64_t kTooManyBytes = std::uint64_t{1} << 60;

using OnDevice = std::function<Fault(DeviceSubject&)>;
using OnBank = std::function<Fault(DeviceSubject&, std::uint32_t bank)>;

/// The first of `steps` that is not clear; later ones are not begun.
template <typename... Steps>
Fault first_fault(Steps... steps) {
    Fault fault;
    (void)((fault = steps(), fault.empty()) && ...);
    return fault;
}

Finding on_each_device(const mrda_device_kind& kind, const OnDevice& check) {
    std::uint32_t count = 0;
    if (Fault fault = check_done("count", count_devices(kind, count)); !fault.empty()) {
        return fault;
    }
    for (std::uint32_t index = 0; index < count; ++index) {
        DeviceSubject device(kind);
        Fault fault = check_done("open", device.open(index));
        fault = fault.empty() ? check(device) : fault;
        if (!fault.empty()) {
            return "device " + std::to_string(index) + ": " + fault;
        }
    }
    return count > 0 ? Finding() : Finding::skip("there is no device");
}

Fault on_each_bank(DeviceSubject& device, const OnBank& check) {
    const std::uint32_t count = std::min(device.info().bank_count, MRDA_MAX_BANKS);
    for (std::uint32_t bank = 0; bank < count; ++bank) {
        if (Fault fault = check(device, bank); !fault.empty()) {
            return "bank " + std::to_string(bank) + " (" +
                   std::string(device.info().banks[bank].name,
                               ::strnlen(device.info().banks[bank].name,
                                         sizeof device.info().banks[bank].name)) +
                   "): " + fault;
        }
    }
    return {};
}

Fault counts(const mrda_device_kind& kind) {
    std::uint32_t count = 0;
    std::uint32_t again = 0;
    const Fault fault =
        first_fault([&] { return check_done("count", count_devices(kind, count)); },
                    [&] { return check_done("count", count_devices(kind, again)); });
    if (!fault.empty() || count != again) {
        return fault.empty()
                   ? "count gives " + std::to_string(count) + ", then " + std::to_string(again)
                   : fault;
    }
    DeviceSubject beyond(kind);
    const Answer answer = beyond.open(count);
    return check_refusal(
        "open of device " + std::to_string(count) + ", of " + std::to_string(count), answer.status,
        answer.words);
}

template <std::size_t N>
bool ends(const char (&text)[N]) {
    return ::strnlen(text, N) < N;
}

Fault describes_itself(DeviceSubject& device) {
    const mrda_device_info& info = device.info();
    if (!ends(info.name) || info.name[0] == '\0' || !ends(info.address)) {
        return "its name is empty, or it or the address does not end";
    }
    if (info.bank_count == 0 || info.bank_count > MRDA_MAX_BANKS) {
        return "it has " + std::to_string(info.bank_count) + " banks, of 1 to " +
               std::to_string(MRDA_MAX_BANKS);
    }
    return on_each_bank(device, [](DeviceSubject& of, std::uint32_t bank) -> Fault {
        const mrda_bank& declared = of.info().banks[bank];
        return ends(declared.name) && declared.memory != 0
                   ? ""
                   : "its name does not end, or it says no way to reach what lies in it";
    });
}

Fault check_view(const mrda_bank& bank, const mrda_buffer& view) {
    if (view.length_bytes != kBytes) {
        return "a buffer of " + std::to_string(kBytes) + " bytes was asked for, and has " +
               std::to_string(view.length_bytes);
    }
    if ((bank.memory & ~view.memory) != 0) {
        return "the bank says memory " + std::to_string(bank.memory) + ", and a buffer in it " +
               std::to_string(view.memory);
    }
    const auto has = [&](std::uint32_t way) { return (view.memory & way) != 0; };
    if (has(MRDA_MEMORY_PAGES) != (view.pages != nullptr)) {
        return "MRDA_MEMORY_PAGES without pages, or the other way round";
    }
    if (has(MRDA_MEMORY_ADDRESS) != (view.address != 0)) {
        return "MRDA_MEMORY_ADDRESS without an address, or the other way round";
    }
    if (has(MRDA_MEMORY_OBJECT) != (view.fd >= 0)) {
        return "MRDA_MEMORY_OBJECT without fd, or the other way round";
    }
    if (view.fd >= 0 && ::fcntl(view.fd, F_GETFD) < 0) {
        return "fd " + std::to_string(view.fd) + " is no open descriptor";
    }
    return {};
}

std::vector<std::byte> pattern(std::size_t bytes, std::uint32_t bank) {
    std::vector<std::byte> all(bytes);
    for (std::size_t at = 0; at < bytes; ++at) {
        all[at] = static_cast<std::byte>(1 + (at * 7 + bank) % 251);
    }
    return all;
}

Fault check_bytes(MemorySubject& memory, const std::vector<std::byte>& wanted,
                  const std::string& when) {
    std::vector<std::byte> all(kBytes, std::byte{0x5a});
    if (Fault fault = check_done("copy_out", memory.copy_out(0, all)); !fault.empty()) {
        return fault;
    }
    if (all != wanted) {
        return "copy_out gives other bytes than it must " + when;
    }
    const mrda_buffer& view = memory.view();
    if (view.pages != nullptr && std::memcmp(view.pages, wanted.data(), kBytes) != 0) {
        return "pages show other bytes than copy_out " + when;
    }
    return {};
}

/// Where a process can map the object: not every DMA-BUF lets it.
Fault check_object(const mrda_buffer& view, const std::vector<std::byte>& wanted) {
    if (view.fd < 0) {
        return {};
    }
    const std::size_t bytes = view.offset_bytes + kBytes;
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, view.fd, 0);
    if (mapped == MAP_FAILED) {
        return {};
    }
    const bool same = std::memcmp(static_cast<std::byte*>(mapped) + view.offset_bytes,
                                  wanted.data(), kBytes) == 0;
    ::munmap(mapped, bytes);
    return same ? "" : "the object shows other bytes than copy_out";
}

/// Twice: memory that was used before must be zeroed, too.
Fault allocates_what_it_says(DeviceSubject& device, std::uint32_t bank) {
    const std::vector<std::byte> zeroes(kBytes, std::byte{0});
    const std::vector<std::byte> used(kBytes, std::byte{0xff});
    for (const char* const when : {"of new memory", "of memory that was used before"}) {
        MemorySubject memory(device);
        Fault fault = first_fault(
            [&] { return check_done("allocate", memory.allocate(bank, kBytes)); },
            [&] { return check_view(device.info().banks[bank], memory.view()); },
            [&] { return check_bytes(memory, zeroes, when + std::string(", which is zeroed")); },
            [&] { return check_done("copy_in", memory.copy_in(0, used)); });
        if (!fault.empty()) {
            return fault;
        }
    }
    return {};
}

Fault copies_any_bytes(DeviceSubject& device, std::uint32_t bank) {
    MemorySubject memory(device);
    if (Fault fault = check_done("allocate", memory.allocate(bank, kBytes)); !fault.empty()) {
        return fault;
    }
    std::vector<std::byte> wanted(kBytes, std::byte{0});
    const auto copy = [&](std::uint64_t at, std::uint64_t bytes) -> Fault {
        const auto some = pattern(bytes, bank + static_cast<std::uint32_t>(at));
        std::copy(some.begin(), some.end(), wanted.begin() + static_cast<std::ptrdiff_t>(at));
        std::vector<std::byte> back(bytes);
        return first_fault([&] { return check_done("copy_in", memory.copy_in(at, some)); },
                           [&] { return check_done("copy_out", memory.copy_out(at, back)); },
                           [&] {
                               return back == some ? Fault()
                                                   : "copy_out gives other bytes than copy_in took";
                           });
    };
    return first_fault([&] { return copy(1, 1); }, [&] { return copy(4095, 4099); },
                       [&] { return copy(kBytes - 7, 7); }, [&] { return copy(63, 130); },
                       [&] { return check_bytes(memory, wanted, "beside what was copied in"); },
                       [&] { return check_object(memory.view(), wanted); });
}

Fault refuses_too_much(DeviceSubject& device, std::uint32_t bank) {
    const auto refused = [&](std::uint64_t bytes) {
        MemorySubject memory(device);
        const Answer answer = memory.allocate(bank, bytes);
        return check_refusal("allocate of " + std::to_string(bytes) + " bytes", answer.status,
                             answer.words);
    };
    return first_fault([&] { return refused(kTooManyBytes); }, [&] { return refused(~0ULL); },
                       [&] { return copies_any_bytes(device, bank); });
}

Fault refuses_no_bank(DeviceSubject& device) {
    MemorySubject memory(device);
    const Answer answer = memory.allocate(device.info().bank_count, kBytes);
    return check_refusal("allocate in a bank that there is not", answer.status, answer.words);
}

Fault refuses_a_unit_without_images(DeviceSubject& device) {
    mrda_unit_kind unit{};
    unit.size_bytes = sizeof unit;
    unit.register_bytes = sizeof(std::uint32_t);
    unit.name = "no-image";
    unit.in_flight = 1;
    unit.channel_in_offset = MRDA_NO_REGISTER;
    unit.channel_out_offset = MRDA_NO_REGISTER;
    unit.global_size_offset = MRDA_NO_REGISTER;
    unit.run = [](void* /*registers*/) { return std::int32_t{0}; };
    const Answer answer = device.load(unit);
    const Fault fault =
        check_refusal("load of a unit that has no image", answer.status, answer.words);
    return fault.empty() ? on_each_bank(device, copies_any_bytes) : fault;
}

Fault use(DeviceSubject& device) {
    return on_each_bank(device, copies_any_bytes);
}

}  // namespace

std::vector<Check> device_checks(const mrda_device_kind& kind) {
    std::vector<Check> checks{{"device: is counted", [&kind] { return counts(kind); }}};
    const auto add = [&](const char* what, OnDevice check) {
        checks.push_back({std::string("device: ") + what, [&kind, check = std::move(check)] {
                              return on_each_device(kind, check);
                          }});
    };
    const auto add_of_banks = [&](const char* what, OnBank check) {
        add(what, [check = std::move(check)](DeviceSubject& device) {
            return on_each_bank(device, check);
        });
    };
    add("describes itself", describes_itself);
    add_of_banks("allocates zeroed memory, as its banks say", allocates_what_it_says);
    add_of_banks("copies at any offset", copies_any_bytes);
    add_of_banks("refuses more memory than there is", refuses_too_much);
    add("refuses a bank that there is not", refuses_no_bank);
    add("refuses a unit without images", refuses_a_unit_without_images);
    add("serves several threads", [](DeviceSubject& device) {
        return lives_beside_others("device", [&] { return use(device); }).run().fault;
    });
    // Beside the lives of a device, whose end may free what was lost on it.
    add("leaves nothing of its memory behind", [](DeviceSubject& device) {
        return leaves_nothing_behind("device", [&] { return use(device); }).run().fault;
    });
    const auto live = [&kind] { return on_each_device(kind, use).fault; };
    for (Check& check : std::vector<Check>{leaves_nothing_behind("device", live),
                                           lives_beside_others("device", live)}) {
        checks.push_back({check.name, [&kind, run = std::move(check.run)] {
                              const Finding none =
                                  on_each_device(kind, [](auto&) { return Fault(); });
                              return none.is_clear() ? run() : none;
                          }});
    }
    return checks;
}

}  // namespace mrda::check
