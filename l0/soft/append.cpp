// SPDX-License-Identifier: MIT
// The commands. A pointer may be USM or any memory of the process (the device reads both); what
// lies in USM is checked against its allocation's bounds when the command is appended.
#include "append.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "allocation.h"
#include "copy_region.h"
#include "driver.h"
#include "entries.h"
#include "event.h"

namespace mrda::ze_soft {

namespace {

ze_result_t nothing_to_do(Command&) {
    return ZE_RESULT_SUCCESS;
}

/// Repeats the pattern over the whole range; the last repetition may be cut off.
void fill(std::byte* destination, const std::vector<std::byte>& pattern, std::size_t size_bytes) {
    std::size_t filled = std::min(pattern.size(), size_bytes);
    std::copy_n(pattern.data(), filled, destination);
    while (filled < size_bytes) {
        const std::size_t step = std::min(filled, size_bytes - filled);
        std::memcpy(destination + filled, destination, step);
        filled += step;
    }
}

}  // namespace

ze_result_t resolve(const EventArguments& arguments, Command& command) {
    if (arguments.wait_for == nullptr && arguments.wait_count != 0) {
        return ZE_RESULT_ERROR_INVALID_SIZE;
    }
    if (arguments.signal != nullptr) {
        command.signal = live<Event>().find(arguments.signal);
        if (command.signal == nullptr) {
            return ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT;
        }
    }
    for (uint32_t i = 0; i < arguments.wait_count; ++i) {
        auto event = live<Event>().find(arguments.wait_for[i]);
        if (event == nullptr) {
            return ZE_RESULT_ERROR_INVALID_SYNCHRONIZATION_OBJECT;
        }
        command.wait_for.push_back(std::move(event));
    }
    return ZE_RESULT_SUCCESS;
}

bool in_bounds(const void* pointer, std::size_t size_bytes) {
    const auto allocation = allocations().find(pointer);
    if (allocation == nullptr) {
        return true;
    }
    const auto offset =
        static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - allocation->base());
    return size_bytes <= allocation->size_bytes() - offset;
}

namespace entry {

ze_result_t append_write_global_timestamp(ze_command_list_handle_t list, uint64_t* destination,
                                          ze_event_handle_t signal, uint32_t wait_count,
                                          ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command& command) {
        if (destination == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (reinterpret_cast<std::uintptr_t>(destination) % alignof(uint64_t) != 0) {
            return ZE_RESULT_ERROR_INVALID_ARGUMENT;
        }
        if (!in_bounds(destination, sizeof *destination)) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        command.act = [destination] { *destination = timestamp_ns(); };
        return ZE_RESULT_SUCCESS;
    });
}

// Commands of a list run one after the other, and their memory is coherent: a barrier has only its
// events to see to.
ze_result_t append_barrier(ze_command_list_handle_t list, ze_event_handle_t signal,
                           uint32_t wait_count, ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, nothing_to_do);
}

ze_result_t append_memory_ranges_barrier(ze_command_list_handle_t list, uint32_t range_count,
                                         const size_t* range_sizes, const void** ranges,
                                         ze_event_handle_t signal, uint32_t wait_count,
                                         ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command&) {
        if (range_sizes == nullptr || ranges == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        for (uint32_t i = 0; i < range_count; ++i) {
            if (!in_bounds(ranges[i], range_sizes[i])) {
                return ZE_RESULT_ERROR_INVALID_SIZE;
            }
        }
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t append_memory_copy(ze_command_list_handle_t list, void* destination, const void* source,
                               size_t size_bytes, ze_event_handle_t signal, uint32_t wait_count,
                               ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command& command) {
        if (destination == nullptr || source == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (!in_bounds(destination, size_bytes) || !in_bounds(source, size_bytes)) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        command.act = [=] { std::memmove(destination, source, size_bytes); };
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t append_memory_fill(ze_command_list_handle_t list, void* destination,
                               const void* pattern, size_t pattern_bytes, size_t size_bytes,
                               ze_event_handle_t signal, uint32_t wait_count,
                               ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command& command) {
        if (destination == nullptr || pattern == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        if (!std::has_single_bit(pattern_bytes) || pattern_bytes > kMaxFillPatternBytes ||
            !in_bounds(destination, size_bytes)) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        const auto* const first = static_cast<const std::byte*>(pattern);
        command.act = [destination = static_cast<std::byte*>(destination), size_bytes,
                       repeated = std::vector<std::byte>(first, first + pattern_bytes)] {
            fill(destination, repeated, size_bytes);
        };
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t append_memory_copy_region(ze_command_list_handle_t list, void* destination,
                                      const ze_copy_region_t* destination_region,
                                      uint32_t destination_pitch, uint32_t destination_slice_pitch,
                                      const void* source, const ze_copy_region_t* source_region,
                                      uint32_t source_pitch, uint32_t source_slice_pitch,
                                      ze_event_handle_t signal, uint32_t wait_count,
                                      ze_event_handle_t* wait_for) {
    return append(list, {signal, wait_count, wait_for}, [&](Command& command) {
        if (destination == nullptr || destination_region == nullptr || source == nullptr ||
            source_region == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
        }
        RegionCopy copy;
        const auto result = make_region_copy(
            {destination, destination_region, destination_pitch, destination_slice_pitch},
            {source, source_region, source_pitch, source_slice_pitch}, copy);
        if (result != ZE_RESULT_SUCCESS) {
            return result;
        }
        // The regions' bases are the clients' pointers: the bound is that of the memory they point
        // into.
        const auto reach = [](const void* base, const RegionSide& side) {
            return static_cast<std::size_t>(side.start - static_cast<const std::byte*>(base)) +
                   side.span_bytes;
        };
        if (!in_bounds(destination, reach(destination, copy.destination)) ||
            !in_bounds(source, reach(source, copy.source))) {
            return ZE_RESULT_ERROR_INVALID_SIZE;
        }
        command.act = [copy] { copy.run(); };
        return ZE_RESULT_SUCCESS;
    });
}

ze_result_t append_signal_event(ze_command_list_handle_t list, ze_event_handle_t event) {
    if (event == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
    }
    return append(list, {event, 0, nullptr}, nothing_to_do);
}

ze_result_t append_wait_on_events(ze_command_list_handle_t list, uint32_t count,
                                  ze_event_handle_t* events) {
    if (events == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    return append(list, {nullptr, count, events}, nothing_to_do);
}

ze_result_t append_event_reset(ze_command_list_handle_t list, ze_event_handle_t handle) {
    return append(list, {nullptr, 0, nullptr}, [&](Command& command) {
        auto event = live<Event>().find(handle);
        if (event == nullptr) {
            return ZE_RESULT_ERROR_INVALID_NULL_HANDLE;
        }
        command.act = [event = std::move(event)] { event->signal().reset(); };
        return ZE_RESULT_SUCCESS;
    });
}

}  // namespace entry

}  // namespace mrda::ze_soft
