// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"

namespace mrda {

/// Where a frame is, or is wanted.
enum class Endpoint : std::uint8_t { usm, va_surface, vpl };

/// Why something cannot be done, in words for people. Nothing: it can.
using Refusal = std::optional<std::string>;

/// How a frame gets from one endpoint to another, best first.
enum class Route : std::uint8_t {
    prime_2,   ///< The buffer's DMA-BUF becomes a surface, with 64-bit modifiers.
    prime,     ///< The same through the older descriptor, which knows linear memory only.
    user_ptr,  ///< The surface stands on the buffer's host pages.
    dma_buf,   ///< The surface's DMA-BUF becomes USM.
    blit,      ///< A copy engine moves the frame.
    map,       ///< A CPU copies it: always works, always reported.
};

/// What the two sides have been found able to do. Each field is filled by the module that asked its
/// own driver; what nobody asked stays refused.
struct PathFacts {
    Refusal export_dma_buf = "nobody asked the exporter";   ///< The source can give a descriptor.
    Refusal import_prime_2 = "nobody asked the importer";   ///< The target takes PRIME_2.
    Refusal import_prime = "nobody asked the importer";     ///< The target takes PRIME.
    Refusal import_user_ptr = "nobody asked the importer";  ///< The target takes host pages.
    Refusal import_usm = "nobody asked the importer";  ///< Level Zero takes a foreign descriptor.
    Refusal host_pages = "nobody asked the exporter";  ///< The source has page-aligned host pages.
    Refusal blit = "nobody asked for a copy engine";   ///< A copy engine reaches both sides.
};

/// One row of the table.
struct PathRow {
    Endpoint from;
    Endpoint to;
    Route route;
    /// Accepts by returning nothing.
    Refusal (*refuse)(const PathFacts& facts, const FrameLayout& layout);
    /// Whether the CPU copies each frame once on the way.
    bool cpu_copies;
};

/// What was chosen, and why nothing better was.
struct PathChoice {
    struct Refused {
        Route route;
        std::string reason;
    };
    Route route;
    std::uint64_t cpu_copied_bytes_per_frame = 0;
    std::vector<Refused> refused;  ///< Every better row, in order.

    /// "prime2, 0 bytes copied per frame", and a line for each better route refused.
    [[nodiscard]] std::string to_string() const;
};

std::string_view to_string(Route route);
std::string_view to_string(Endpoint endpoint);

/// The table, best first for every pair of endpoints.
std::span<const PathRow> path_table();

/// The first row of `table` that leads from `from` to `to` and accepts. Pure: it asks no driver.
/// Errors: unsupported, with every row's reason.
Result<PathChoice> choose_path(Endpoint from, Endpoint to, const PathFacts& facts,
                               const FrameLayout& layout,
                               std::span<const PathRow> table = path_table());

}  // namespace mrda
