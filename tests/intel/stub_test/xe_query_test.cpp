// SPDX-License-Identifier: MIT
#include "stub/xe_query.h"

#include <gtest/gtest.h>
#include <xe_drm.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "open_node.h"

namespace mrda::stub {
namespace {

constexpr std::uint32_t kQueries[] = {
    DRM_XE_DEVICE_QUERY_ENGINES,      DRM_XE_DEVICE_QUERY_MEM_REGIONS,
    DRM_XE_DEVICE_QUERY_CONFIG,       DRM_XE_DEVICE_QUERY_GT_LIST,
    DRM_XE_DEVICE_QUERY_GT_TOPOLOGY,  DRM_XE_DEVICE_QUERY_UC_FW_VERSION,
    DRM_XE_DEVICE_QUERY_ENGINE_CYCLES};
constexpr std::byte kUntouched{0xa5};

/// A node of each device that xe drives.
template <typename Check>
void for_each_kind(Check check) {
    for (const DeviceKind& kind : device_kinds()) {
        if (kind.driver == KernelDriver::xe) {
            SCOPED_TRACE(std::string(kind.name));
            test::OpenNode node(kind.name);
            check(node);
        }
    }
}

int query(test::OpenNode& node, std::uint32_t what, std::uint32_t* size, void* data) {
    drm_xe_device_query asked{};
    asked.query = what;
    asked.size = *size;
    asked.data = reinterpret_cast<std::uint64_t>(data);
    const int result = node.ioctl(DRM_IOCTL_XE_DEVICE_QUERY, asked);
    *size = asked.size;
    return result;
}

std::uint32_t size_of(test::OpenNode& node, std::uint32_t what) {
    std::uint32_t size = 0;
    EXPECT_EQ(query(node, what, &size, nullptr), 0) << what;
    return size;
}

/// The whole answer, aligned for any of the structures.
std::vector<std::uint64_t> answer(test::OpenNode& node, std::uint32_t what) {
    std::uint32_t size = size_of(node, what);
    EXPECT_GT(size, 0U) << what;
    std::vector<std::uint64_t> data((size + 7) / 8);
    EXPECT_EQ(query(node, what, &size, data.data()), 0) << what;
    return data;
}

TEST(XeQuery, tells_the_size_where_none_is_given) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint32_t what : kQueries) {
            EXPECT_GT(size_of(node, what), 0U) << what;
        }
    });
}

TEST(XeQuery, fills_a_buffer_of_that_size_and_not_a_byte_more) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint32_t what : kQueries) {
            std::uint32_t size = size_of(node, what);
            std::vector<std::byte> data(size + 64);
            std::fill(data.begin() + size, data.end(), kUntouched);
            EXPECT_EQ(query(node, what, &size, data.data()), 0) << what;
            EXPECT_TRUE(std::any_of(data.begin(), data.begin() + size, [](std::byte value) {
                return value != std::byte{0};
            })) << what;
            EXPECT_TRUE(std::all_of(data.begin() + size, data.end(), [](std::byte value) {
                return value == kUntouched;
            })) << what;
        }
    });
}

TEST(XeQuery, refuses_a_buffer_of_any_other_size_and_leaves_it) {
    for_each_kind([](test::OpenNode& node) {
        for (const std::uint32_t what : kQueries) {
            const std::uint32_t size = size_of(node, what);
            for (std::uint32_t room : {1U, size - 1, size + 1}) {
                std::vector<std::byte> data(size + 1, kUntouched);
                EXPECT_EQ(query(node, what, &room, data.data()), -EINVAL) << what;
                EXPECT_EQ(data, std::vector<std::byte>(size + 1, kUntouched)) << what;
            }
        }
    });
}

TEST(XeQuery, refuses_what_it_does_not_know) {
    test::OpenNode node("lnl");
    std::uint32_t size = 0;
    EXPECT_EQ(query(node, 0xffff, &size, nullptr), -EINVAL);
}

TEST(XeQuery, tells_the_engines_of_the_table_on_gts_that_it_lists) {
    for_each_kind([](test::OpenNode& node) {
        const auto words = answer(node, DRM_XE_DEVICE_QUERY_ENGINES);
        const auto& told = *reinterpret_cast<const drm_xe_query_engines*>(words.data());
        const auto list = answer(node, DRM_XE_DEVICE_QUERY_GT_LIST);
        const auto& gts = *reinterpret_cast<const drm_xe_query_gt_list*>(list.data());
        const auto engines = node.kind().engines;
        ASSERT_EQ(told.num_engines, engines.size());
        EXPECT_EQ(size_of(node, DRM_XE_DEVICE_QUERY_ENGINES),
                  sizeof told + engines.size() * sizeof(drm_xe_engine));
        for (std::size_t i = 0; i < engines.size(); ++i) {
            EXPECT_EQ(told.engines[i].instance.engine_class, engines[i].engine_class);
            EXPECT_EQ(told.engines[i].instance.engine_instance, engines[i].instance);
            EXPECT_EQ(told.engines[i].instance.gt_id, engines[i].gt);
            EXPECT_LT(told.engines[i].instance.gt_id, gts.num_gt);
        }
    });
}

TEST(XeQuery, tells_the_versions_of_the_table) {
    for_each_kind([](test::OpenNode& node) {
        const auto words = answer(node, DRM_XE_DEVICE_QUERY_GT_LIST);
        const auto& told = *reinterpret_cast<const drm_xe_query_gt_list*>(words.data());
        ASSERT_EQ(told.num_gt, 2U);
        EXPECT_EQ(size_of(node, DRM_XE_DEVICE_QUERY_GT_LIST),
                  sizeof told + told.num_gt * sizeof(drm_xe_gt));
        EXPECT_EQ(told.gt_list[0].type, DRM_XE_QUERY_GT_TYPE_MAIN);
        EXPECT_EQ(told.gt_list[0].ip_ver_major * 100 + told.gt_list[0].ip_ver_minor,
                  node.kind().graphics_version);
        EXPECT_EQ(told.gt_list[1].type, DRM_XE_QUERY_GT_TYPE_MEDIA);
        EXPECT_EQ(told.gt_list[1].ip_ver_major * 100 + told.gt_list[1].ip_ver_minor,
                  node.kind().media_version);
    });
}

TEST(XeQuery, tells_regions_whose_instances_are_their_bits) {
    for_each_kind([](test::OpenNode& node) {
        const auto words = answer(node, DRM_XE_DEVICE_QUERY_MEM_REGIONS);
        const auto& told = *reinterpret_cast<const drm_xe_query_mem_regions*>(words.data());
        const auto list = answer(node, DRM_XE_DEVICE_QUERY_GT_LIST);
        const auto& gts = *reinterpret_cast<const drm_xe_query_gt_list*>(list.data());
        const std::uint64_t local_bytes = node.kind().local_memory_bytes;
        ASSERT_EQ(told.num_mem_regions, local_bytes == 0 ? 1U : 2U);
        std::uint64_t regions = 0;
        for (std::uint32_t i = 0; i < told.num_mem_regions; ++i) {
            regions |= std::uint64_t{1} << told.mem_regions[i].instance;
            EXPECT_TRUE(std::has_single_bit(told.mem_regions[i].min_page_size));
        }
        for (std::uint32_t i = 0; i < gts.num_gt; ++i) {
            EXPECT_EQ(gts.gt_list[i].near_mem_regions | gts.gt_list[i].far_mem_regions, regions);
            EXPECT_EQ(gts.gt_list[i].near_mem_regions & gts.gt_list[i].far_mem_regions, 0U);
        }
        if (local_bytes != 0) {
            EXPECT_EQ(told.mem_regions[1].mem_class, DRM_XE_MEM_REGION_CLASS_VRAM);
            EXPECT_EQ(told.mem_regions[1].total_size, local_bytes);
            EXPECT_EQ(gts.gt_list[0].near_mem_regions, 1U << told.mem_regions[1].instance);
        }
    });
}

TEST(XeQuery, tells_which_device_it_is) {
    for_each_kind([](test::OpenNode& node) {
        const auto words = answer(node, DRM_XE_DEVICE_QUERY_CONFIG);
        const auto& told = *reinterpret_cast<const drm_xe_query_config*>(words.data());
        ASSERT_GT(told.num_params, DRM_XE_QUERY_CONFIG_MAX_EXEC_QUEUE_PRIORITY);
        EXPECT_EQ(size_of(node, DRM_XE_DEVICE_QUERY_CONFIG),
                  sizeof told + told.num_params * sizeof(std::uint64_t));
        EXPECT_EQ(told.info[DRM_XE_QUERY_CONFIG_REV_AND_DEVICE_ID] & 0xffff, node.kind().pci_id);
        EXPECT_EQ(told.info[DRM_XE_QUERY_CONFIG_REV_AND_DEVICE_ID] >> 16, node.kind().revision);
        EXPECT_EQ(told.info[DRM_XE_QUERY_CONFIG_FLAGS] & DRM_XE_QUERY_CONFIG_FLAG_HAS_VRAM,
                  node.kind().local_memory_bytes == 0 ? 0U : DRM_XE_QUERY_CONFIG_FLAG_HAS_VRAM);
    });
}

TEST(XeQuery, tells_a_topology_of_masks_that_end_with_it_and_count_what_there_is) {
    for_each_kind([](test::OpenNode& node) {
        const std::uint32_t size = size_of(node, DRM_XE_DEVICE_QUERY_GT_TOPOLOGY);
        const auto words = answer(node, DRM_XE_DEVICE_QUERY_GT_TOPOLOGY);
        const auto* bytes = reinterpret_cast<const std::byte*>(words.data());
        unsigned subslices = 0;
        unsigned units = 0;
        std::size_t at = 0;
        while (at < size) {
            drm_xe_query_topology_mask mask{};
            ASSERT_LE(at + sizeof mask, size);
            std::memcpy(&mask, bytes + at, sizeof mask);
            at += sizeof mask;
            ASSERT_LE(at + mask.num_bytes, size);
            unsigned bits = 0;
            for (std::size_t end = at + mask.num_bytes; at < end; ++at) {
                bits += static_cast<unsigned>(std::popcount(static_cast<std::uint8_t>(bytes[at])));
            }
            subslices = mask.type == DRM_XE_TOPO_DSS_COMPUTE ? bits : subslices;
            units = mask.type == DRM_XE_TOPO_SIMD16_EU_PER_DSS ? bits : units;
        }
        EXPECT_EQ(at, size);
        EXPECT_EQ(subslices, node.kind().subslices);
        EXPECT_EQ(units, node.kind().execution_units);
    });
}

TEST(XeQuery, tells_the_version_of_the_firmware_that_was_asked_for) {
    test::OpenNode node("lnl");
    const auto version = [&](std::uint16_t type) {
        drm_xe_query_uc_fw_version told{};
        told.uc_type = type;
        std::uint32_t size = sizeof told;
        EXPECT_EQ(query(node, DRM_XE_DEVICE_QUERY_UC_FW_VERSION, &size, &told), 0);
        EXPECT_EQ(told.uc_type, type);
        return told.major_ver * 100 + told.minor_ver;
    };
    EXPECT_GT(version(XE_QUERY_UC_TYPE_GUC_SUBMISSION), 0U);
    EXPECT_NE(version(XE_QUERY_UC_TYPE_HUC), version(XE_QUERY_UC_TYPE_GUC_SUBMISSION));
}

TEST(XeQuery, tells_a_clock_that_goes) {
    test::OpenNode node("bmg");
    const auto cycles = [&] {
        drm_xe_query_engine_cycles told{};
        std::uint32_t size = sizeof told;
        EXPECT_EQ(query(node, DRM_XE_DEVICE_QUERY_ENGINE_CYCLES, &size, &told), 0);
        EXPECT_GT(told.width, 0U);
        EXPECT_GT(told.cpu_timestamp, 0U);
        return told.engine_cycles;
    };
    const std::uint64_t first = cycles();
    while (device_ticks() == first) {
    }
    EXPECT_GT(cycles(), first);
}

}  // namespace
}  // namespace mrda::stub
