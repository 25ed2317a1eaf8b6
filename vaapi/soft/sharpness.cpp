// SPDX-License-Identifier: MIT
#include "sharpness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace mrda::va_soft {

namespace {

/// One component of a plane: every `step`-th sample, `width` of them in a row.
struct Component {
    std::uint8_t* data;
    std::size_t pitch_bytes;
    std::size_t width;
    std::size_t height;
    std::size_t step;
};

constexpr int kOne = 256;  // Amounts in fixed point.
constexpr int kNeighbours = 9;

/// A row as it was, with its ends doubled.
template <typename Sample>
void load(const Component& component, std::size_t y, std::uint16_t* into) {
    const std::uint8_t* const row = component.data + y * component.pitch_bytes;
    for (std::size_t x = 0; x < component.width; ++x) {
        Sample sample;
        std::memcpy(&sample, row + x * component.step * sizeof sample, sizeof sample);
        into[x + 1] = sample;
    }
    into[0] = into[1];
    into[component.width + 1] = into[component.width];
}

/// The bits of `kept` are those that samples have.
template <typename Sample>
void sharpen(const Component& component, int amount, Sample kept,
             std::vector<std::uint16_t>& rows) {
    const std::size_t row_samples = component.width + 2;
    rows.resize(std::max(rows.size(), 3 * row_samples));
    std::array<std::uint16_t*, 3> around{rows.data(), rows.data() + row_samples,
                                         rows.data() + 2 * row_samples};
    load<Sample>(component, 0, around[0]);
    load<Sample>(component, 0, around[1]);
    for (std::size_t y = 0; y < component.height; ++y) {
        load<Sample>(component, std::min(y + 1, component.height - 1), around[2]);
        std::uint8_t* const row = component.data + y * component.pitch_bytes;
        for (std::size_t x = 0; x < component.width; ++x) {
            int sum = 0;
            for (const std::uint16_t* const line : around) {
                sum += line[x] + line[x + 1] + line[x + 2];
            }
            const int old = around[1][x + 1];
            const int moved = old + (kNeighbours * old - sum) * amount / (kNeighbours * kOne);
            const auto sample = static_cast<Sample>(
                std::clamp(moved, 0, int{std::numeric_limits<Sample>::max()}) & kept);
            std::memcpy(row + x * component.step * sizeof sample, &sample, sizeof sample);
        }
        std::rotate(around.begin(), around.begin() + 1, around.end());
    }
}

}  // namespace

void Sharpener::apply(const FrameView& view, float amount) {
    const int fixed = static_cast<int>(std::lround(std::clamp(amount, -1.0F, 1.0F) * kOne));
    const Component luma{view.data[0], view.pitch_bytes[0], view.width_px, view.height_px, 1};
    constexpr std::uint8_t kAllBits = 0xff;
    if (view.format->component_bytes == 2) {
        constexpr std::uint16_t kUpperTen = 0xffc0;
        sharpen(luma, fixed, kUpperTen, rows_);
        return;
    }
    // Of RGB three of the four bytes; of YUY2 every other byte is luma.
    const bool rgb = view.format->model == ColorModel::rgb;
    const std::size_t step = rgb ? 4 : view.format->plane_count == 1 ? 2 : 1;
    for (std::size_t colour = 0; colour < (rgb ? 3U : 1U); ++colour) {
        Component component = luma;
        component.data += colour;
        component.step = step;
        sharpen(component, fixed, kAllBits, rows_);
    }
}

}  // namespace mrda::va_soft
