// SPDX-License-Identifier: MIT
#include "stub/i915_query.h"

#include <gtest/gtest.h>
#include <i915_drm.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <vector>

#include "open_node.h"

namespace mrda::stub {
namespace {

constexpr std::uint64_t kGucSubmissionVersion = 7;
constexpr std::uint64_t kQueries[] = {DRM_I915_QUERY_TOPOLOGY_INFO, DRM_I915_QUERY_ENGINE_INFO,
                                      DRM_I915_QUERY_MEMORY_REGIONS,
                                      DRM_I915_QUERY_GEOMETRY_SUBSLICES, kGucSubmissionVersion};
constexpr std::byte kUntouched{0xa5};

/// A node of each device that i915 drives.
template <typename Check>
void for_each_kind(Check check) {
    for (const DeviceKind& kind : device_kinds()) {
        if (kind.driver == KernelDriver::i915) {
            SCOPED_TRACE(std::string(kind.name));
            test::OpenNode node(kind.name);
            check(node);
        }
    }
}

/// The length of the answer, or a negative errno.
std::int32_t query(test::OpenNode& node, std::uint64_t what, std::int32_t room, void* data) {
    drm_i915_query_item item{};
    item.query_id = what;
    item.length = room;
    item.data_ptr = reinterpret_cast<std::uint64_t>(data);
    drm_i915_query asked{1, 0, reinterpret_cast<std::uint64_t>(&item)};
    EXPECT_EQ(node.ioctl(DRM_IOCTL_I915_QUERY, asked), 0);
    return item.length;
}

/// The whole answer, aligned for any of the structures.
std::vector<std::uint64_t> answer(test::OpenNode& node, std::uint64_t what) {
    const std::int32_t length = query(node, what, 0, nullptr);
    EXPECT_GT(length, 0);
    std::vector<std::uint64_t> data((static_cast<std::size_t>(std::max(length, 0)) + 7) / 8);
    EXPECT_EQ(query(node, what, length, data.data()), length);
    return data;
}

int parameter(test::OpenNode& node, int what) {
    int value = -1;
    drm_i915_getparam asked{what, &value};
    EXPECT_EQ(node.ioctl(DRM_IOCTL_I915_GETPARAM, asked), 0) << what;
    return value;
}

TEST(I915Query, tells_the_length_where_none_is_given) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint64_t what : kQueries) {
            EXPECT_GT(query(node, what, 0, nullptr), 0) << what;
        }
    });
}

TEST(I915Query, fills_a_buffer_of_that_length_and_not_a_byte_more) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint64_t what : kQueries) {
            const std::int32_t length = query(node, what, 0, nullptr);
            ASSERT_GT(length, 0);
            const auto size = static_cast<std::size_t>(length);
            std::vector<std::byte> data(size + 64, kUntouched);
            EXPECT_EQ(query(node, what, length, data.data()), length) << what;
            EXPECT_TRUE(std::any_of(data.begin(), data.begin() + length,
                                    [](std::byte value) { return value != kUntouched; }));
            EXPECT_TRUE(std::all_of(data.begin() + length, data.end(), [](std::byte value) {
                return value == kUntouched;
            })) << what;
        }
    });
}

TEST(I915Query, tells_the_length_where_there_is_more_room) {
    test::OpenNode node("adlp");
    const std::int32_t length = query(node, DRM_I915_QUERY_ENGINE_INFO, 0, nullptr);
    std::vector<std::byte> data(4096, kUntouched);
    EXPECT_EQ(query(node, DRM_I915_QUERY_ENGINE_INFO, 4096, data.data()), length);
    EXPECT_EQ(data.back(), kUntouched);
}

TEST(I915Query, refuses_a_buffer_that_is_too_short_and_leaves_it) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint64_t what : kQueries) {
            const std::int32_t length = query(node, what, 0, nullptr);
            for (const std::int32_t room : {1, length - 1, -1}) {
                std::vector<std::byte> data(static_cast<std::size_t>(length), kUntouched);
                EXPECT_EQ(query(node, what, room, data.data()), -EINVAL) << what;
                EXPECT_EQ(data, std::vector<std::byte>(data.size(), kUntouched)) << what;
            }
        }
    });
}

TEST(I915Query, refuses_one_item_and_answers_the_others) {
    test::OpenNode node("adlp");
    std::vector<drm_i915_query_item> items(3);
    items[0].query_id = DRM_I915_QUERY_ENGINE_INFO;
    items[1].query_id = 0xffff;
    items[2].query_id = DRM_I915_QUERY_MEMORY_REGIONS;
    drm_i915_query asked{3, 0, reinterpret_cast<std::uint64_t>(items.data())};
    EXPECT_EQ(node.ioctl(DRM_IOCTL_I915_QUERY, asked), 0);
    EXPECT_GT(items[0].length, 0);
    EXPECT_EQ(items[1].length, -EINVAL);
    EXPECT_GT(items[2].length, 0);
}

TEST(I915Query, tells_a_topology_whose_masks_lie_in_it_and_count_what_there_is) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint64_t what :
             {DRM_I915_QUERY_TOPOLOGY_INFO, DRM_I915_QUERY_GEOMETRY_SUBSLICES}) {
            const std::int32_t length = query(node, what, 0, nullptr);
            const auto words = answer(node, what);
            const auto& told = *reinterpret_cast<const drm_i915_query_topology_info*>(words.data());
            const std::size_t data_bytes = static_cast<std::size_t>(length) - sizeof told;
            EXPECT_EQ(told.max_slices, 1U);
            EXPECT_EQ(told.max_subslices, node.kind().subslices);
            EXPECT_EQ(told.max_eus_per_subslice, node.kind().execution_units);
            EXPECT_GE(told.subslice_offset, 1U);
            EXPECT_GE(told.subslice_stride * 8U, told.max_subslices);
            EXPECT_GE(told.eu_stride * 8U, told.max_eus_per_subslice);
            EXPECT_GE(told.eu_offset, told.subslice_offset + told.subslice_stride);
            ASSERT_LE(told.eu_offset + std::size_t{told.max_subslices} * told.eu_stride,
                      data_bytes);
            const auto bits_of = [&](std::size_t from, std::size_t count) {
                return std::accumulate(told.data + from, told.data + from + count, 0U,
                                       [](unsigned sum, std::uint8_t mask) {
                                           return sum + static_cast<unsigned>(std::popcount(mask));
                                       });
            };
            EXPECT_EQ(told.data[0], 1U);
            EXPECT_EQ(bits_of(told.subslice_offset, told.subslice_stride), node.kind().subslices);
            EXPECT_EQ(bits_of(told.eu_offset, std::size_t{told.max_subslices} * told.eu_stride),
                      node.kind().subslices * node.kind().execution_units);
        }
    });
}

TEST(I915Query, tells_the_engines_of_the_table) {
    for_each_kind([](test::OpenNode& node) {
        const std::int32_t length = query(node, DRM_I915_QUERY_ENGINE_INFO, 0, nullptr);
        const auto words = answer(node, DRM_I915_QUERY_ENGINE_INFO);
        const auto& told = *reinterpret_cast<const drm_i915_query_engine_info*>(words.data());
        const auto engines = node.kind().engines;
        ASSERT_EQ(told.num_engines, engines.size());
        ASSERT_EQ(static_cast<std::size_t>(length),
                  sizeof told + engines.size() * sizeof(drm_i915_engine_info));
        for (std::size_t i = 0; i < engines.size(); ++i) {
            EXPECT_EQ(told.engines[i].engine.engine_class, engines[i].engine_class);
            EXPECT_EQ(told.engines[i].engine.engine_instance, engines[i].instance);
            EXPECT_EQ(told.engines[i].capabilities, engines[i].capabilities);
        }
    });
}

TEST(I915Query, tells_of_the_devices_own_memory_where_it_has_some) {
    for_each_kind([](test::OpenNode& node) {
        const auto words = answer(node, DRM_I915_QUERY_MEMORY_REGIONS);
        const auto& told = *reinterpret_cast<const drm_i915_query_memory_regions*>(words.data());
        const std::uint64_t local_bytes = node.kind().local_memory_bytes;
        ASSERT_EQ(told.num_regions, local_bytes == 0 ? 1U : 2U);
        EXPECT_EQ(told.regions[0].region.memory_class, I915_MEMORY_CLASS_SYSTEM);
        EXPECT_GT(told.regions[0].probed_size, 0U);
        if (local_bytes != 0) {
            EXPECT_EQ(told.regions[1].region.memory_class, I915_MEMORY_CLASS_DEVICE);
            EXPECT_EQ(told.regions[1].probed_size, local_bytes);
            EXPECT_EQ(told.regions[1].rsvd1[0], local_bytes);
        }
    });
}

TEST(I915Getparam, tells_what_the_table_says) {
    for_each_kind([](test::OpenNode& node) {
        const DeviceKind& kind = node.kind();
        EXPECT_EQ(parameter(node, I915_PARAM_CHIPSET_ID), kind.pci_id);
        EXPECT_EQ(parameter(node, I915_PARAM_REVISION), kind.revision);
        EXPECT_EQ(parameter(node, I915_PARAM_SUBSLICE_TOTAL), static_cast<int>(kind.subslices));
        EXPECT_EQ(parameter(node, I915_PARAM_EU_TOTAL),
                  static_cast<int>(kind.subslices * kind.execution_units));
        EXPECT_EQ(std::popcount(static_cast<unsigned>(parameter(node, I915_PARAM_SUBSLICE_MASK))),
                  static_cast<int>(kind.subslices));
        EXPECT_EQ(parameter(node, I915_PARAM_HAS_LLC), kind.local_memory_bytes == 0 ? 1 : 0);
    });
}

TEST(I915Getparam, refuses_what_linux_6_does_not_know) {
    test::OpenNode node("adlp");
    int value = 7;
    drm_i915_getparam asked{1000, &value};
    EXPECT_EQ(node.ioctl(DRM_IOCTL_I915_GETPARAM, asked), -EINVAL);
    EXPECT_EQ(value, 7);
}

}  // namespace
}  // namespace mrda::stub
