// SPDX-License-Identifier: MIT
#include "streamer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "commands.h"
#include "trace.h"

namespace mrda::stub {

namespace {

using Step = Next::Step;

// So many zeros at a batch's begin say that it was not written. No driver pads with as many.
constexpr unsigned kUnwrittenBatch = 64;

// The lengths of those commands that the tables do not know, by family.
constexpr std::array kFamilies{
    Command{0xf8000000, 0x00000000, kOneDword},  // MI: the first sixteen
    Command{0xe0000000, 0x00000000, kLength8},   // and the others.
    Command{0xe0000000, 0x40000000, kLength8},   // Blits.
    Command{0xf8000000, 0x60000000, kLength8},   // Render's and compute's,
    Command{0xf8000000, 0x68000000, kOneDword},
    Command{0xf8000000, 0x70000000, kLength12},  // with video's among them.
    Command{0xf8000000, 0x78000000, kLength8},
};

const Command* find_command(std::uint32_t header) {
    for (const std::span<const Command> table :
         {memory_interface_commands(), media_commands(), std::span<const Command>(kFamilies)}) {
        const auto found = std::find_if(table.begin(), table.end(), [&](const Command& command) {
            return (header & command.mask) == command.opcode;
        });
        if (found != table.end()) {
            return &*found;
        }
    }
    return nullptr;
}

/// Traces the places in shared objects that commands name, each once.
class References {
  public:
    explicit References(const AddressSpace& space) : space_(space) {}

    void add(const Command& kind, Dwords command) {
        for (std::size_t at = 1; at + 1 < command.size(); ++at) {
            // No driver shares what it binds below 4 GiB; small numbers abound.
            if (command[at + 1] == 0 || command[at] % 4 != 0) {
                continue;
            }
            const AddressSpace::Place place = space_.find(address_at(command, at));
            if (place.object != nullptr && place.object->shared) {
                add(kind, command[0], place);
            }
        }
    }

  private:
    struct Reference {
        std::uint32_t opcode;
        std::uint32_t object;
        std::uint64_t offset_bytes;
        bool operator==(const Reference&) const = default;
    };

    void add(const Command& kind, std::uint32_t header, const AddressSpace::Place& place) {
        const Reference reference{header >> 16, place.object->number(), place.offset_bytes};
        if (std::find(seen_.begin(), seen_.end(), reference) != seen_.end()) {
            return;
        }
        seen_.push_back(reference);
        std::array<char, 16> opcode{};
        std::snprintf(opcode.data(), opcode.size(), "0x%04x", reference.opcode);
        trace("REF command=%s bo=%u offset=0x%llx",
              kind.name == nullptr ? opcode.data() : kind.name, reference.object,
              static_cast<unsigned long long>(reference.offset_bytes));
    }

    const AddressSpace& space_;
    std::vector<Reference> seen_;
};

class Walk {
  public:
    Walk(AddressSpace& space, const DeviceKind& kind, std::uint32_t frame_bytes)
        : engine_{space, RegisterFile(frame_bytes), EncoderSource(space, kind)},
          references_(space) {}

    StreamResult run(std::uint64_t address, std::span<const std::uint64_t> callers) {
        for (const std::uint64_t caller : callers) {
            levels_.push_back({caller});
        }
        levels_.push_back({address});
        while (!levels_.empty() && fetch()) {
            ++result_.commands;
            follow(execute());
            leave_unwritten_batch();
        }
        engine_.source.finish();
        result_.stores = engine_.stores;
        return result_;
    }

  private:
    struct Level {
        std::uint64_t address;  ///< Of its next command.
        bool is_unwritten = true;
        unsigned commands = 0;
    };

    /// Takes the next command into the walk's own memory; false where the walk ends.
    bool fetch() {
        const AddressSpace::Place place = engine_.space.find(levels_.back().address);
        if (place.bytes == nullptr) {
            return end(StreamEnd::unbound);
        }
        const std::uint64_t left = place.left_bytes / sizeof(std::uint32_t);
        if (left == 0) {
            return end(StreamEnd::cut_off);
        }
        // The header decides how much is read, so it is read once.
        std::uint32_t header = 0;
        std::memcpy(&header, place.bytes, sizeof header);
        kind_ = find_command(header);
        if (kind_ == nullptr) {
            return end(StreamEnd::undefined);
        }
        const std::size_t length = kind_->length.of(header);
        if (length > left) {
            return end(StreamEnd::cut_off);
        }
        if (length > kLongestStream - dwords_) {
            return end(StreamEnd::too_long);
        }
        dwords_ += length;
        std::memcpy(buffer_.data() + 1, place.bytes + sizeof header, (length - 1) * sizeof header);
        buffer_[0] = header;
        command_ = Dwords(buffer_.data(), length);
        return true;
    }

    Next execute() {
        if (is_traced()) {
            references_.add(*kind_, command_);
        }
        if (kind_->action == nullptr || command_.size() < kind_->needs) {
            return {};
        }
        return kind_->action(engine_, command_);
    }

    void follow(const Next& next) {
        if (next.step == Step::wait) {
            end(StreamEnd::waiting);
            return;
        }
        Level& level = levels_.back();
        level.address += command_.size_bytes();
        level.is_unwritten = level.is_unwritten && command_[0] == 0;
        level.commands += 1;
        switch (next.step) {
            case Step::on:
            case Step::wait:
                break;
            case Step::jump:
                level.address = next.address;
                break;
            case Step::call:
                call(next.address);
                break;
            case Step::end_level:
                levels_.pop_back();
                break;
            case Step::end_all:
                levels_.clear();
                break;
        }
    }

    void call(std::uint64_t address) {
        if (levels_.size() == kDeepestBatch) {
            end(StreamEnd::too_deep);
        } else {
            levels_.push_back({address});
        }
    }

    /// Encoders call batches that HuC's firmware writes. Nobody wrote them here: they are zeros,
    /// which is no command and no end.
    void leave_unwritten_batch() {
        if (levels_.size() > 1 && levels_.back().is_unwritten &&
            levels_.back().commands == kUnwrittenBatch) {
            levels_.pop_back();
        }
    }

    bool end(StreamEnd why) {
        result_.end = why;
        result_.address = levels_.back().address;
        levels_.pop_back();
        if (why == StreamEnd::waiting) {
            for (const Level& caller : levels_) {
                result_.callers.push_back(caller.address);
            }
        }
        levels_.clear();
        return false;
    }

    EngineState engine_;
    References references_;
    StreamResult result_;
    std::vector<Level> levels_;  ///< The batches that called each other; the last is walked.
    std::size_t dwords_ = 0;
    const Command* kind_ = nullptr;
    std::array<std::uint32_t, kLongestCommand> buffer_{};
    Dwords command_;
};

}  // namespace

const char* name_of(StreamEnd end) {
    switch (end) {
        case StreamEnd::batch_end:
            return "batch_end";
        case StreamEnd::waiting:
            return "waiting";
        case StreamEnd::unbound:
            return "unbound";
        case StreamEnd::cut_off:
            return "cut_off";
        case StreamEnd::undefined:
            return "undefined";
        case StreamEnd::too_deep:
            return "too_deep";
        case StreamEnd::too_long:
            return "too_long";
    }
    return "?";
}

StreamResult run_stream(AddressSpace& space, const DeviceKind& kind, std::uint32_t frame_bytes,
                        std::uint64_t address, std::span<const std::uint64_t> callers) {
    return Walk(space, kind, frame_bytes).run(address, callers);
}

}  // namespace mrda::stub
