// SPDX-License-Identifier: MIT
// Another process, on the same device: memory_peer usm|surface SOCKET. It takes a DMA-BUF that
// comes through the socket, imports it, says what it sees of its first and last byte, and answers
// by turning all their bits. Exit codes: 0; 1, with the reason; 2: the command line is wrong.
#include <drm_fourcc.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "l0/device_bytes.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/image.h"
#include "mrda/vaapi/import.h"
#include "support/descriptor_socket.h"
#include "support/platform.h"
#include "vaapi/memory_peer.h"

namespace mrda::test {
namespace {

std::string text_of(std::byte first, std::byte last) {
    return std::to_string(std::to_integer<int>(first)) + " " +
           std::to_string(std::to_integer<int>(last));
}

Result<std::string> look_through_usm(const DmaBuf& object) {
    MRDA_ASSIGN(const auto context, open_context());
    MRDA_ASSIGN(auto usm, l0::UsmBuffer::import(context, object, DRM_FORMAT_MOD_LINEAR));
    auto* const bytes = static_cast<std::byte*>(usm.data());
    std::byte* const last = bytes + usm.size_bytes() - 1;
    const std::byte seen[] = {read_bytes(context, bytes, 1)[0], read_bytes(context, last, 1)[0]};
    const std::byte turned[] = {~seen[0], ~seen[1]};
    write_bytes(context, bytes, {turned, 1});
    write_bytes(context, last, {turned + 1, 1});
    return text_of(seen[0], seen[1]);
}

Result<std::string> look_through_surface(const DmaBuf& object) {
    MRDA_ASSIGN(const auto display, open_display());
    MRDA_ASSIGN(const FrameLayout layout, peer_layout());
    MRDA_ASSIGN(const auto import, vaapi::import_surface(display, {&object, nullptr, 0}, layout));
    CopyLedger ledger;
    MRDA_ASSIGN(const auto image, vaapi::MappedImage::map(import.surface, ledger));
    const PlaneLayout& chroma = layout.planes()[1];
    std::byte& first = *image.plane(0);
    std::byte& last = image.plane(
        1)[std::size_t{layout.rows(1) - 1} * image.pitch_bytes(1) + chroma.pitch_bytes - 1];
    const std::string seen = text_of(first, last);
    first = ~first;
    last = ~last;
    return seen;
}

Result<std::string> look(std::string_view how, int socket) {
    MRDA_ASSIGN(const FrameLayout layout, peer_layout());
    MRDA_ASSIGN(const DmaBuf object, DmaBuf::adopt(receive_descriptor(socket), 0,
                                                   layout.size_bytes(), "another process"));
    return how == "usm" ? look_through_usm(object) : look_through_surface(object);
}

}  // namespace
}  // namespace mrda::test

int main(int argc, char** argv) {
    const std::string_view how = argc == 3 ? argv[1] : "";
    if (how != "usm" && how != "surface") {
        std::cerr << "usage: memory_peer usm|surface SOCKET\n";
        return 2;
    }
    const auto seen = mrda::test::look(how, std::atoi(argv[2]));
    std::cout << (seen.ok() ? *seen : mrda::to_string(seen.error()));
    return seen.ok() ? 0 : 1;
}
