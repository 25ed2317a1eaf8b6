// SPDX-License-Identifier: MIT
#include "mrda/interop/path.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace mrda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FrameLayout linear_layout() {
    return *FrameLayout::linear(DRM_FORMAT_NV12, 1280, 720);
}

FrameLayout tiled_layout() {
    const std::vector<PlaneLayout> planes{{0, 1280}, {1280 * 736, 1280}};
    return *FrameLayout::from_planes(DRM_FORMAT_NV12, 1280, 720, I915_FORMAT_MOD_Y_TILED, planes);
}

PathFacts everything_works() {
    PathFacts facts;
    facts.export_dma_buf.reset();
    facts.import_prime_2.reset();
    facts.import_prime.reset();
    facts.import_user_ptr.reset();
    facts.import_usm.reset();
    facts.host_pages.reset();
    facts.blit.reset();
    return facts;
}

std::vector<Route> refused_routes(const PathChoice& choice) {
    std::vector<Route> routes;
    for (const auto& refused : choice.refused) {
        routes.push_back(refused.route);
    }
    return routes;
}

TEST(Path, best_route_is_taken_where_everything_works) {
    for (const Endpoint to : {Endpoint::va_surface, Endpoint::vpl}) {
        const auto choice = choose_path(Endpoint::usm, to, everything_works(), linear_layout());
        ASSERT_TRUE(choice.ok());
        EXPECT_EQ(choice->route, Route::prime_2);
        EXPECT_EQ(choice->cpu_copied_bytes_per_frame, 0U);
        EXPECT_THAT(choice->refused, IsEmpty());
        EXPECT_EQ(choice->to_string(), "prime2, 0 bytes copied per frame");
    }
    const auto back =
        choose_path(Endpoint::va_surface, Endpoint::usm, everything_works(), linear_layout());
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->route, Route::dma_buf);
}

TEST(Path, each_refusal_leads_to_the_next_route_and_keeps_its_reason) {
    PathFacts facts = everything_works();
    const auto choose = [&facts] {
        return choose_path(Endpoint::usm, Endpoint::vpl, facts, linear_layout());
    };
    facts.import_prime_2 = "the driver knows no PRIME_2";
    auto choice = choose();
    EXPECT_EQ(choice->route, Route::prime);
    ASSERT_THAT(refused_routes(*choice), ElementsAre(Route::prime_2));
    EXPECT_EQ(choice->refused[0].reason, "the driver knows no PRIME_2");

    facts.export_dma_buf = "the allocation is not exportable";
    choice = choose();
    EXPECT_EQ(choice->route, Route::user_ptr);
    EXPECT_THAT(refused_routes(*choice), ElementsAre(Route::prime_2, Route::prime));
    EXPECT_EQ(choice->refused[0].reason, "the allocation is not exportable");

    facts.host_pages = "device memory has no host pages";
    choice = choose();
    EXPECT_EQ(choice->route, Route::blit);
    EXPECT_EQ(choice->cpu_copied_bytes_per_frame, 0U);

    facts.blit = "no copy engine";
    choice = choose();
    EXPECT_EQ(choice->route, Route::map);
    EXPECT_EQ(choice->cpu_copied_bytes_per_frame, 1382400U);
    EXPECT_THAT(choice->to_string(), HasSubstr("map, 1382400 bytes copied per frame"));
    EXPECT_THAT(choice->to_string(), HasSubstr("\n  not userptr: device memory has no host pages"));
}

TEST(Path, what_nobody_asked_stays_refused) {
    const auto choice =
        choose_path(Endpoint::usm, Endpoint::va_surface, PathFacts{}, linear_layout());
    ASSERT_TRUE(choice.ok());
    EXPECT_EQ(choice->route, Route::map);
    EXPECT_THAT(refused_routes(*choice),
                ElementsAre(Route::prime_2, Route::prime, Route::user_ptr, Route::blit));
    EXPECT_THAT(choice->refused[0].reason, HasSubstr("nobody asked"));
}

TEST(Path, a_tiled_frame_goes_only_where_its_modifier_can_be_told) {
    PathFacts facts = everything_works();
    EXPECT_EQ(choose_path(Endpoint::usm, Endpoint::vpl, facts, tiled_layout())->route,
              Route::prime_2);
    facts.import_prime_2 = "no modifiers here";
    const auto choice = choose_path(Endpoint::usm, Endpoint::vpl, facts, tiled_layout());
    EXPECT_EQ(choice->route, Route::blit);
    ASSERT_THAT(refused_routes(*choice),
                ElementsAre(Route::prime_2, Route::prime, Route::user_ptr));
    EXPECT_THAT(choice->refused[1].reason, HasSubstr("NV12:0x0100000000000002"));
    const auto back = choose_path(Endpoint::va_surface, Endpoint::usm, facts, tiled_layout());
    EXPECT_EQ(back->route, Route::blit);
    EXPECT_THAT(back->refused[0].reason, HasSubstr("not linear"));
}

TEST(Path, a_pair_without_a_row_is_unsupported_and_named) {
    const auto choice =
        choose_path(Endpoint::vpl, Endpoint::usm, everything_works(), linear_layout());
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ(choice.error().code, Errc::unsupported);
    EXPECT_THAT(choice.error().message, HasSubstr("no path from oneVPL to USM"));
}

TEST(Path, a_table_in_which_every_row_refuses_gives_every_reason) {
    const auto rows = path_table().first(2);
    const auto choice =
        choose_path(Endpoint::usm, Endpoint::va_surface, PathFacts{}, linear_layout(), rows);
    ASSERT_FALSE(choice.ok());
    EXPECT_THAT(choice.error().message, HasSubstr("not prime2: nobody asked the exporter"));
    EXPECT_THAT(choice.error().message, HasSubstr("not prime: nobody asked the exporter"));
}

TEST(PathTable, every_pair_ends_with_the_one_route_that_copies) {
    std::set<std::tuple<Endpoint, Endpoint>> ended;
    std::set<std::tuple<Endpoint, Endpoint, Route>> seen;
    for (const PathRow& row : path_table()) {
        EXPECT_TRUE(seen.insert({row.from, row.to, row.route}).second);
        EXPECT_FALSE(ended.contains({row.from, row.to})) << to_string(row.route);
        EXPECT_EQ(row.cpu_copies, row.route == Route::map);
        if (row.cpu_copies) {
            ended.insert({row.from, row.to});
        }
    }
    EXPECT_EQ(ended.size(), 3U);
}

}  // namespace
}  // namespace mrda
