// SPDX-License-Identifier: MIT
#include "support/platform.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mrda/vaapi/drm_node.h"

namespace mrda::test {

namespace {

constexpr int kSkipCode = 77;

Result<vaapi::RenderNode> first_gpu() {
    MRDA_ASSIGN(const auto nodes, vaapi::list_render_nodes());
    return nodes.front();
}

/// Ends the program before its first test where it was told to test a GPU and there is none.
class SkipWithoutGpu : public testing::Environment {
  public:
    void SetUp() override {
        if (platform() != Platform::gpu) {
            return;
        }
        if (const auto gpu = first_gpu(); !gpu) {
            std::printf("skipped: %s\n", to_string(gpu.error()).c_str());
            std::fflush(stdout);
            std::exit(kSkipCode);
        }
    }
};

const testing::Environment* const kSkipWithoutGpu =
    testing::AddGlobalTestEnvironment(new SkipWithoutGpu);

}  // namespace

Platform platform() {
    const char* asked = std::getenv("MRDA_TEST_PLATFORM");
    return asked != nullptr && std::string_view(asked) == "gpu" ? Platform::gpu
                                                                : Platform::software;
}

bool computes_pixels() {
    const char* said = std::getenv("MRDA_TEST_PIXELS");
    return platform() == Platform::software || said == nullptr || std::string_view(said) != "no";
}

Result<l0::Context> open_context() {
    if (platform() == Platform::software) {
        return l0::Context::open(0);
    }
    MRDA_ASSIGN(const auto gpu, first_gpu());
    return l0::Context::open(gpu.pci);
}

Result<vaapi::Display> open_display() {
    if (platform() == Platform::software) {
        return vaapi::Display::open_software();
    }
    MRDA_ASSIGN(const auto gpu, first_gpu());
    return vaapi::Display::open(gpu);
}

void PrintTo(const ProcessCounts& counts, std::ostream* out) {
    *out << counts.descriptors << " descriptors, " << counts.mappings << " mappings";
}

void DeviceTest::SetUp() {
    auto opened = open_context();
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    context_ = std::move(*opened);
}

void DisplayTest::SetUp() {
    auto opened = open_display();
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    display_.emplace(std::move(*opened));
}

}  // namespace mrda::test
