// SPDX-License-Identifier: MIT
// intel_cycles DIRECTION COUNT: makes and ends an import COUNT times; prints what the process then
// holds more than after the first few: "descriptors mappings". Exits 0 if that is nothing, 1 if
// not, 2 if a cycle failed.
//   usm-to-va       USM, exported, imported as a surface
//   dma-buf-to-usm  a DMA-BUF of another process's, imported as USM
//   va-to-usm       a surface on that DMA-BUF, exported, imported as USM
#include <drm_fourcc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>

#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/drm_node.h"
#include "mrda/vaapi/import.h"
#include "support/descriptor_socket.h"
#include "support/process_counts.h"

namespace {

using namespace mrda;

constexpr int kWarmUp = 5;

FrameLayout frame_layout() {
    return *FrameLayout::linear(DRM_FORMAT_NV12, 1280, 720);
}

struct Device {
    l0::Context context;
    vaapi::Display display;
};

Result<Device> open_device() {
    MRDA_ASSIGN(const auto node, vaapi::default_render_node());
    MRDA_ASSIGN(auto context, l0::Context::open(node.pci));
    MRDA_ASSIGN(auto display, vaapi::Display::open(node));
    return Device{std::move(context), std::move(display)};
}

/// The other process: exports one object, and keeps it until the socket ends.
Result<void> lend(int socket) {
    MRDA_ASSIGN(const auto node, vaapi::default_render_node());
    MRDA_ASSIGN(const auto context, l0::Context::open(node.pci));
    MRDA_ASSIGN(auto usm,
                l0::UsmBuffer::allocate(context, l0::UsmKind::device, frame_layout().size_bytes(),
                                        l0::Exportable::dma_buf));
    MRDA_ASSIGN(const DmaBuf exported, usm.export_dma_buf());
    if (!test::send_descriptor(socket, exported.fd())) {
        return os_error("sendmsg", errno, "cannot lend a descriptor");
    }
    char ended = 0;
    while (::read(socket, &ended, 1) > 0) {
    }
    return {};
}

Result<void> usm_to_va(const Device& device) {
    MRDA_ASSIGN(auto usm,
                l0::UsmBuffer::allocate(device.context, l0::UsmKind::device,
                                        frame_layout().size_bytes(), l0::Exportable::dma_buf));
    MRDA_ASSIGN(const DmaBuf exported, usm.export_dma_buf());
    MRDA_ASSIGN(const auto import,
                vaapi::import_surface(device.display, {&exported, nullptr, 0}, frame_layout()));
    return import.surface.wait();
}

Result<void> dma_buf_to_usm(const Device& device, const DmaBuf& lent) {
    MRDA_ASSIGN(const auto usm, l0::UsmBuffer::import(device.context, lent, DRM_FORMAT_MOD_LINEAR));
    return {};
}

Result<void> va_to_usm(const Device& device, const DmaBuf& lent) {
    MRDA_ASSIGN(const auto import,
                vaapi::import_surface(device.display, {&lent, nullptr, 0}, frame_layout()));
    MRDA_ASSIGN(const auto exported, import.surface.export_dma_buf());
    MRDA_ASSIGN(const auto usm,
                l0::UsmBuffer::import(device.context, exported.object, exported.layout.modifier()));
    return {};
}

Result<bool> run(std::string_view direction, long count, int socket) {
    MRDA_ASSIGN(const Device device, open_device());
    MRDA_ASSIGN(const DmaBuf lent, DmaBuf::adopt(test::receive_descriptor(socket), 0,
                                                 frame_layout().size_bytes(), "another process"));
    const std::function<Result<void>()> cycle = [&]() -> Result<void> {
        if (direction == "usm-to-va") {
            return usm_to_va(device);
        }
        return direction == "va-to-usm" ? va_to_usm(device, lent) : dma_buf_to_usm(device, lent);
    };
    for (int i = 0; i < kWarmUp; ++i) {
        MRDA_TRY(cycle());
    }
    const auto before = test::process_counts();
    for (long i = 0; i < count; ++i) {
        MRDA_TRY(cycle());
    }
    const auto after = test::process_counts();
    std::cout << static_cast<long>(after.descriptors) - static_cast<long>(before.descriptors) << ' '
              << static_cast<long>(after.mappings) - static_cast<long>(before.mappings) << '\n';
    return after == before;
}

}  // namespace

int main(int count, char** words) {
    const std::string_view direction = count == 3 ? words[1] : "";
    if (direction != "usm-to-va" && direction != "dma-buf-to-usm" && direction != "va-to-usm") {
        std::cerr << "intel_cycles usm-to-va|dma-buf-to-usm|va-to-usm COUNT\n";
        return 2;
    }
    auto [ours, theirs] = test::socket_pair();
    const pid_t lender = ::fork();  // Before any vendor's library has begun.
    if (lender == 0) {
        ours.reset();
        const auto lent = lend(theirs.get());
        if (!lent) {
            std::cerr << to_string(lent.error()) << '\n';
        }
        ::_exit(lent.ok() ? 0 : 1);
    }
    theirs.reset();
    const auto steady = run(direction, std::atol(words[2]), ours.get());
    ours.reset();
    ::waitpid(lender, nullptr, 0);
    if (!steady) {
        std::cerr << to_string(steady.error()) << '\n';
        return 2;
    }
    return *steady ? 0 : 1;
}
