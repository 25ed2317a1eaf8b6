// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/l0/command_list.h"
#include "mrda/l0/context.h"
#include "mrda/l0/kernel.h"
#include "mrda/l0/usm.h"
#include "mrda/media/units.h"
#include "pool.h"

namespace mrda::l0::plugin {

/// A kernel that is run with a block of registers as its arguments. As many items run at once as
/// its kind says; further ones wait. Thread-safe.
class Unit {
  public:
    /// Of the first image that the device can load. Errors: unsupported, with each image's refusal.
    /// The context must outlive it, `kind` need not.
    static Result<std::unique_ptr<Unit>> load(const Context& context, const mrda_unit_kind& kind);
    Unit(const Unit&) = delete;
    Unit& operator=(const Unit&) = delete;
    ~Unit() = default;

    /// Waits for the item. Errors: invalid_argument (no instances; an address that the device does
    /// not know, where its driver sees that), device_lost.
    Result<std::int32_t> run(std::byte* registers);

  private:
    /// What one item at a time needs. The list goes first: it waits for what is in flight.
    struct Lane {
        Kernel kernel;
        UsmBuffer results;  ///< A word for each RESULT argument.
        CommandList list;
    };
    struct Argument {
        std::uint32_t kind;
        std::uint32_t offset_bytes;
        std::uint32_t size_bytes;
    };

    Unit(const Context& context, const mrda_unit_kind& kind, Module module);
    static Result<std::unique_ptr<Unit>> load_image(const Context& context,
                                                    const mrda_unit_kind& kind,
                                                    const mrda_unit_image& image);
    [[nodiscard]] Result<Lane> make_lane() const;
    Result<void> run_on(Lane& lane, std::byte* registers, std::int32_t& return_code) const;
    [[nodiscard]] Result<void> set_arguments(Lane& lane, const std::byte* registers) const;
    [[nodiscard]] Result<Extent> set_groups(Kernel& kernel, const std::byte* registers) const;
    void write_back(const Lane& lane, std::byte* registers, std::int32_t& return_code) const;

    const Context& context_;
    const std::string name_;
    const std::vector<Argument> arguments_;
    const std::uint32_t channel_in_offset_;
    const std::uint32_t channel_out_offset_;
    const std::uint32_t global_size_offset_;
    const Module module_;
    Pool<Lane> lanes_;  // Their kernels are module_'s.
};

}  // namespace mrda::l0::plugin
