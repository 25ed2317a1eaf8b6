// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "checks.h"
#include "kernel_bench.h"

namespace mrda::check {

namespace {

constexpr std::byte kGuard{0xa5};
constexpr std::size_t kPageBytes = 4096;
constexpr std::uint32_t kMostThreads = 4;
constexpr int kRounds = 50;
constexpr std::uint32_t kChannel = 3;

bool is_guard(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == kGuard; });
}

/// A register map between two pages whose bytes are known.
class Block {
  public:
    explicit Block(const mrda_unit_kind& kind)
        : kind_(kind), bytes_(kPageBytes + kind.register_bytes + kPageBytes, kGuard) {
        std::ranges::fill(registers(), std::byte{0});
        put(kind.channel_in_offset, kChannel);
        put(kind.global_size_offset, std::uint32_t{1});
    }

    [[nodiscard]] std::span<std::byte> registers() {
        return std::span(bytes_).subspan(kPageBytes, kind_.register_bytes);
    }
    template <typename T>
    void put(std::uint32_t offset_bytes, T value) {
        if (offset_bytes != MRDA_NO_REGISTER) {
            std::memcpy(registers().data() + offset_bytes, &value, sizeof value);
        }
    }
    /// The low bytes of `number`, where an argument can hold one.
    void put_value(const mrda_unit_argument& argument, std::uint64_t number) {
        std::memcpy(registers().data() + argument.offset_bytes, &number,
                    std::min<std::size_t>(argument.size_bytes, sizeof number));
    }
    [[nodiscard]] Fault check() {
        const std::span all(bytes_);
        return is_guard(all.first(kPageBytes)) && is_guard(all.last(kPageBytes))
                   ? ""
                   : "bytes beside its register map were written";
    }
    [[nodiscard]] Fault check_channel() {
        if (kind_.channel_out_offset == MRDA_NO_REGISTER) {
            return {};
        }
        std::uint32_t channel = 0;
        std::memcpy(&channel, registers().data() + kind_.channel_out_offset, sizeof channel);
        return channel == kChannel
                   ? ""
                   : "it was given an item of channel " + std::to_string(kChannel) +
                         " and says that it has done one of channel " + std::to_string(channel);
    }

  private:
    const mrda_unit_kind& kind_;
    std::vector<std::byte> bytes_;
};

/// A page of zeroes between two pages whose bytes are known, in the device's memory.
class FencedPage {
  public:
    FencedPage(media::Device& device, std::int32_t bank)
        : buffer_(device.allocate(bank, 3 * kPageBytes).value()) {
        std::vector<std::byte> fence(kPageBytes, kGuard);
        static_cast<void>(buffer_->write(0, fence).ok());
        static_cast<void>(buffer_->write(2 * kPageBytes, fence).ok());
    }

    [[nodiscard]] std::uint64_t address() const { return buffer_->view().address + kPageBytes; }
    [[nodiscard]] Fault check(const char* argument) const {
        std::vector<std::byte> all(3 * kPageBytes);
        if (const auto read = buffer_->read(0, all); !read.ok()) {
            return std::string("buffer ") + argument + " cannot be read: " + read.error().message;
        }
        const std::span bytes(all);
        return is_guard(bytes.first(kPageBytes)) && is_guard(bytes.last(kPageBytes))
                   ? ""
                   : std::string("bytes beside the buffer for ") + argument + " were written";
    }

  private:
    std::shared_ptr<const media::Buffer> buffer_;
};

/// One item, with `number` for each of its values. An error of the device's is no fault: the values
/// are ours.
Fault run_once(const LoadedUnit& loaded, const mrda_unit_kind& kind, std::uint64_t number) {
    Block block(kind);
    std::vector<std::pair<const char*, FencedPage>> pages;
    for (const mrda_unit_argument& argument : std::span(kind.arguments, kind.argument_count)) {
        if (argument.kind == MRDA_ARGUMENT_BUFFER) {
            pages.emplace_back(argument.name, FencedPage(*loaded.device, argument.bank));
            block.put(argument.offset_bytes, pages.back().second.address());
        } else if (argument.kind == MRDA_ARGUMENT_VALUE) {
            block.put_value(argument, number);
        }
    }
    const auto done = loaded.code->run(block.registers());
    const std::string with = "with " + std::to_string(number) + " for each value, ";
    if (Fault fault = block.check(); !fault.empty()) {
        return with + fault;
    }
    for (const auto& [name, page] : pages) {
        if (Fault fault = page.check(name); !fault.empty()) {
            return with + fault;
        }
    }
    return done.ok() ? block.check_channel() : Fault();
}

Fault run_both(const LoadedUnit& loaded, const mrda_unit_kind& kind) {
    Fault fault = run_once(loaded, kind, 0);
    return fault.empty() ? run_once(loaded, kind, 1) : fault;
}

Fault run_together(const LoadedUnit& loaded, const mrda_unit_kind& kind) {
    std::vector<Fault> faults(std::min(kind.in_flight, kMostThreads));
    std::vector<std::thread> threads;
    for (Fault& fault : faults) {
        threads.emplace_back([&] {
            for (int round = 0; round < kRounds && fault.empty(); ++round) {
                fault = run_both(loaded, kind);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const auto found =
        std::find_if(faults.begin(), faults.end(), [](const Fault& it) { return !it.empty(); });
    return found == faults.end() ? Fault() : "several at once: " + *found;
}

}  // namespace

std::vector<Check> unit_checks(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                               const mrda_unit_kind& kind) {
    const std::string who = "unit " + std::string(kind.name);
    std::vector<Check> checks;
    const auto add = [&](const std::string& what,
                         std::function<Finding(const LoadedUnit&, const mrda_unit_kind&)> check) {
        checks.push_back({who + ": " + what, [plugin, &kind, check = std::move(check)] {
                              const auto loaded = load_unit(plugin, kind);
                              return loaded.ok() ? check(*loaded, kind)
                                                 : Finding::skip(loaded.error().message);
                          }});
    };
    add("writes into its register map and its buffers alone", run_both);
    if (kind.in_flight > 1) {
        add("works on as many items at once as it says", run_together);
    }
    add("leaves nothing behind", [who](const LoadedUnit& loaded, const mrda_unit_kind& of) {
        return leaves_nothing_behind(
                   who,
                   [&]() -> Fault {
                       auto code = loaded.device->load(of);
                       return code.ok() ? run_both({loaded.device, *std::move(code)}, of)
                                        : "a second load gives " + code.error().message;
                   })
            .run();
    });
    return checks;
}

}  // namespace mrda::check
