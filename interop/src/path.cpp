// SPDX-License-Identifier: MIT
#include "mrda/interop/path.h"

#include <array>

namespace mrda {

namespace {

Refusal first_of(const Refusal& one, const Refusal& other) {
    return one ? one : other;
}

Refusal refuse_prime_2(const PathFacts& facts, const FrameLayout&) {
    return first_of(facts.export_dma_buf, facts.import_prime_2);
}

// va.h: VASurfaceAttribExternalBuffers carries no modifier.
Refusal refuse_prime(const PathFacts& facts, const FrameLayout& layout) {
    if (!layout.is_linear()) {
        return "PRIME cannot say how " + layout.to_string() + " is tiled";
    }
    return first_of(facts.export_dma_buf, facts.import_prime);
}

Refusal refuse_user_ptr(const PathFacts& facts, const FrameLayout& layout) {
    if (!layout.is_linear()) {
        return "a user pointer cannot say how " + layout.to_string() + " is tiled";
    }
    return first_of(facts.host_pages, facts.import_user_ptr);
}

// Level Zero sees bytes: a tiled surface would come through, and every address in it would be
// wrong.
Refusal refuse_dma_buf(const PathFacts& facts, const FrameLayout& layout) {
    if (!layout.is_linear()) {
        return layout.to_string() + " is not linear, and USM is flat memory";
    }
    return first_of(facts.export_dma_buf, facts.import_usm);
}

Refusal refuse_blit(const PathFacts& facts, const FrameLayout&) {
    return facts.blit;
}

Refusal accept_always(const PathFacts&, const FrameLayout&) {
    return std::nullopt;
}

constexpr std::array kTable{
    PathRow{Endpoint::usm, Endpoint::va_surface, Route::prime_2, refuse_prime_2, false},
    PathRow{Endpoint::usm, Endpoint::va_surface, Route::prime, refuse_prime, false},
    PathRow{Endpoint::usm, Endpoint::va_surface, Route::user_ptr, refuse_user_ptr, false},
    PathRow{Endpoint::usm, Endpoint::va_surface, Route::blit, refuse_blit, false},
    PathRow{Endpoint::usm, Endpoint::va_surface, Route::map, accept_always, true},

    // oneVPL takes VA surfaces, so what leads to one leads to the other.
    PathRow{Endpoint::usm, Endpoint::vpl, Route::prime_2, refuse_prime_2, false},
    PathRow{Endpoint::usm, Endpoint::vpl, Route::prime, refuse_prime, false},
    PathRow{Endpoint::usm, Endpoint::vpl, Route::user_ptr, refuse_user_ptr, false},
    PathRow{Endpoint::usm, Endpoint::vpl, Route::blit, refuse_blit, false},
    PathRow{Endpoint::usm, Endpoint::vpl, Route::map, accept_always, true},

    PathRow{Endpoint::va_surface, Endpoint::usm, Route::dma_buf, refuse_dma_buf, false},
    PathRow{Endpoint::va_surface, Endpoint::usm, Route::blit, refuse_blit, false},
    PathRow{Endpoint::va_surface, Endpoint::usm, Route::map, accept_always, true},
};

}  // namespace

std::string PathChoice::to_string() const {
    std::string text = std::string(mrda::to_string(route)) + ", " +
                       std::to_string(cpu_copied_bytes_per_frame) + " bytes copied per frame";
    for (const Refused& better : refused) {
        text += "\n  not " + std::string(mrda::to_string(better.route)) + ": " + better.reason;
    }
    return text;
}

std::string_view to_string(Route route) {
    switch (route) {
        case Route::prime_2:
            return "prime2";
        case Route::prime:
            return "prime";
        case Route::user_ptr:
            return "userptr";
        case Route::dma_buf:
            return "dma-buf";
        case Route::blit:
            return "blit";
        case Route::map:
            return "map";
    }
    return "unknown";
}

std::string_view to_string(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::usm:
            return "USM";
        case Endpoint::va_surface:
            return "VA surface";
        case Endpoint::vpl:
            return "oneVPL";
    }
    return "unknown";
}

std::span<const PathRow> path_table() {
    return kTable;
}

Result<PathChoice> choose_path(Endpoint from, Endpoint to, const PathFacts& facts,
                               const FrameLayout& layout, std::span<const PathRow> table) {
    PathChoice choice{};
    std::string reasons;
    for (const PathRow& row : table) {
        if (row.from != from || row.to != to) {
            continue;
        }
        const Refusal refusal = row.refuse(facts, layout);
        if (!refusal) {
            choice.route = row.route;
            choice.cpu_copied_bytes_per_frame = row.cpu_copies ? layout.packed_bytes() : 0;
            return choice;
        }
        choice.refused.push_back({row.route, *refusal});
        reasons += "\n  not " + std::string(to_string(row.route)) + ": " + *refusal;
    }
    return make_error(Errc::unsupported, "no path from " + std::string(to_string(from)) + " to " +
                                             std::string(to_string(to)) + " for " +
                                             layout.to_string() + reasons);
}

}  // namespace mrda
