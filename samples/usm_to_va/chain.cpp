// SPDX-License-Identifier: MIT
#include "chain.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <sstream>

#include "mrda/interop/copy_ledger.h"
#include "mrda/vaapi/image.h"

namespace usm_to_va {

namespace {

using mrda::Errc;
using mrda::FrameLayout;
using mrda::make_error;
using mrda::Platform;
using mrda::Result;

Result<mrda::l0::Context> open_context(Platform platform, const Options& options,
                                       std::optional<mrda::vaapi::RenderNode>& node) {
    if (platform == Platform::software) {
        if (options.device) {
            return make_error(Errc::not_found, "no device at " + mrda::to_string(*options.device) +
                                                   ": the software device has no PCI address");
        }
        return mrda::l0::Context::open(0);
    }
    MRDA_ASSIGN(node, options.device ? mrda::vaapi::find_render_node(*options.device)
                                     : mrda::vaapi::default_render_node());
    return mrda::l0::Context::open(node->pci);
}

std::string inode_text(const mrda::DmaBuf& object) {
    return std::to_string(object.identity().device) + ":" + std::to_string(object.identity().inode);
}

void report_usm(const Frame& frame, const FrameLayout& layout, const mrda::DmaBuf* exported,
                Report& report) {
    const std::string kind(mrda::l0::to_string(frame.usm.kind()));
    report.step("USM", std::to_string(frame.usm.size_bytes()) + " bytes of " + kind +
                           " memory for " + layout.to_string());
    report.set("/usm", {{"kind", kind}, {"bytes", frame.usm.size_bytes()}});
    if (exported == nullptr) {
        report.step("DMA-BUF", "none needed");
        return;
    }
    report.step("DMA-BUF", std::string(mrda::to_string(exported->kind())) + ", object " +
                               inode_text(*exported) + ", " +
                               std::to_string(exported->object_bytes()) + " bytes");
    report.set("/usm/object", inode_text(*exported));
    report.set("/usm/object_kind", mrda::to_string(exported->kind()));
}

/// For whoever wants to see from outside in which memory the encoder works.
void list_allocation(const Frame& frame, const mrda::DmaBuf* exported, Report& report) {
    std::ostringstream address;
    address << frame.usm.data();
    report.set("/usm/allocations/-",
               {{"address", address.str()},
                {"bytes", frame.usm.size_bytes()},
                {"object", exported != nullptr ? nlohmann::json(inode_text(*exported)) : nullptr}});
}

/// Errors: corrupt, where the VA driver names another object than Level Zero did.
Result<void> report_surface(const Frame& frame, const std::string& verification,
                            const mrda::DmaBuf* exported, Report& report) {
    report.step("VA surface", frame.path.to_string() + "; " + verification);
    report.set("/surface", {{"route", mrda::to_string(frame.path.route)},
                            {"verification", verification},
                            {"object", nullptr}});
    for (const auto& refused : frame.path.refused) {
        report.set(("/surface/refused/" + std::string(mrda::to_string(refused.route))).c_str(),
                   refused.reason);
    }
    const auto shown = frame.surface.export_dma_buf();
    if (!shown) {
        return {};  // A surface on host pages has no object to show.
    }
    report.set("/surface/object", inode_text(shown->object));
    if (exported != nullptr && frame.path.route != mrda::Route::map &&
        !(shown->object.identity() == exported->identity())) {
        return make_error(Errc::corrupt, "the surface stands on object " +
                                             inode_text(shown->object) + ", the USM on object " +
                                             inode_text(*exported));
    }
    return {};
}

/// The surface for `usm`, and how it came about.
struct Made {
    mrda::vaapi::Surface surface;
    mrda::PathChoice path;
    std::string verification;
};

/// A surface of the driver's own, because `options` ask for it or `refusal` left nothing better.
Result<Made> make_surface_to_copy_into(const Device& device, const FrameLayout& layout,
                                       const std::string& refusal) {
    MRDA_ASSIGN(auto surface,
                mrda::vaapi::Surface::allocate(device.display, layout.format().drm_fourcc,
                                               layout.width_px(), layout.height_px()));
    mrda::PathChoice path{mrda::Route::map, layout.packed_bytes(), {}};
    return Made{std::move(surface), std::move(path), refusal};
}

Result<Made> make_surface(const Device& device, const FrameLayout& layout, const Options& options,
                          const mrda::l0::UsmBuffer& usm, const mrda::DmaBuf* exported) {
    if (options.import_route == mrda::Route::map) {
        return make_surface_to_copy_into(device, layout, "asked for");
    }
    mrda::vaapi::ImportSource source{exported, nullptr, 0};
    if (usm.host_accessible()) {
        source.host_pages = usm.data();
        source.host_bytes = usm.size_bytes();
    }
    auto imported =
        mrda::vaapi::import_surface(device.display, source, layout, options.import_route);
    if (!imported && imported.error().code == Errc::unsupported && !options.import_route &&
        usm.host_accessible()) {
        return make_surface_to_copy_into(device, layout, mrda::to_string(imported.error()));
    }
    MRDA_ASSIGN(auto import, std::move(imported));
    return Made{std::move(import.surface), std::move(import.path), std::move(import.verification)};
}

Result<Frame> make_frame(const Device& device, const FrameLayout& layout, const Options& options,
                         bool first, Report& report) {
    const bool needs_no_export =
        options.import_route == mrda::Route::user_ptr || options.import_route == mrda::Route::map;
    MRDA_ASSIGN(auto usm,
                mrda::l0::UsmBuffer::allocate(
                    device.context, options.usm, layout.size_bytes(),
                    needs_no_export ? mrda::l0::Exportable::no : mrda::l0::Exportable::dma_buf));
    std::optional<mrda::DmaBuf> exported;
    if (!needs_no_export) {
        MRDA_ASSIGN(exported, usm.export_dma_buf());
    }
    const mrda::DmaBuf* const object = exported ? &*exported : nullptr;
    MRDA_ASSIGN(Made made, make_surface(device, layout, options, usm, object));
    Frame frame{std::move(usm), std::move(made.surface), std::move(made.path)};
    if (first) {
        report_usm(frame, layout, object, report);
        MRDA_TRY(report_surface(frame, made.verification, object, report));
    }
    list_allocation(frame, object, report);
    return frame;
}

/// Bytes that repeat neither by row nor by plane.
std::vector<std::byte> pattern(std::size_t bytes, std::uint32_t seed) {
    std::vector<std::byte> made(bytes);
    std::uint32_t state = seed;
    for (std::byte& byte : made) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(state >> 24U);
    }
    return made;
}

/// Calls `visit(offset in the object, pointer in the image, bytes)` for each row of each plane.
template <typename Visit>
void for_each_row(const FrameLayout& layout, const mrda::vaapi::MappedImage& image, Visit visit) {
    for (std::size_t plane = 0; plane < layout.planes().size(); ++plane) {
        const auto& at = layout.planes()[plane];
        for (std::uint32_t row = 0; row < layout.rows(plane); ++row) {
            visit(at.offset_bytes + std::uint64_t{row} * at.pitch_bytes,
                  image.plane(plane) + std::size_t{row} * image.pitch_bytes(plane),
                  static_cast<std::size_t>(layout.row_bytes(plane)));
        }
    }
}

mrda::Error differs(const char* written, const char* seen, std::uint64_t offset_bytes) {
    return make_error(Errc::corrupt, std::string("what was written through ") + written +
                                         " is not what " + seen + " shows, from byte " +
                                         std::to_string(offset_bytes) + " on");
}

/// The USM's side of a frame, as the device sees it, or as a CPU does.
class UsmSide {
  public:
    static Result<UsmSide> open(const Device& device, Frame& frame, Proof proof) {
        UsmSide side;
        side.usm_ = static_cast<std::byte*>(frame.usm.data());
        if (proof == Proof::cpu) {
            MRDA_ASSIGN(side.object_, frame.usm.export_dma_buf());
            return side;
        }
        MRDA_ASSIGN(auto list, mrda::l0::CommandList::create(
                                   device.context, mrda::l0::CommandList::Kind::immediate));
        side.list_.emplace(std::move(list));
        return side;
    }

    Result<void> write(std::span<const std::byte> bytes) {
        if (list_) {
            MRDA_TRY(list_->copy(usm_, bytes.data(), bytes.size()));
            return list_->wait();
        }
        return through_mapping(mrda::DmaBuf::Access::write, [&](std::byte* mapped) {
            std::memcpy(mapped, bytes.data(), bytes.size());
        });
    }

    Result<void> read(std::span<std::byte> bytes) {
        if (list_) {
            MRDA_TRY(list_->copy(bytes.data(), usm_, bytes.size()));
            return list_->wait();
        }
        return through_mapping(mrda::DmaBuf::Access::read, [&](const std::byte* mapped) {
            std::memcpy(bytes.data(), mapped, bytes.size());
        });
    }

  private:
    template <typename Touch>
    Result<void> through_mapping(mrda::DmaBuf::Access access, Touch touch) {
        const std::uint64_t bytes = object_->object_bytes();
        void* const mapped =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object_->fd(), 0);
        if (mapped == MAP_FAILED) {
            return mrda::os_error("mmap", errno, "cannot map the USM's DMA-BUF");
        }
        Result<void> begun = object_->begin_cpu_access(access);
        if (begun.ok()) {
            touch(static_cast<std::byte*>(mapped) + object_->offset_bytes());
            begun = object_->end_cpu_access(access);
        }
        ::munmap(mapped, bytes);
        return begun;
    }

    std::byte* usm_ = nullptr;
    std::optional<mrda::DmaBuf> object_;
    std::optional<mrda::l0::CommandList> list_;
};

Result<void> usm_shows_in_surface(UsmSide& side, Frame& frame, const FrameLayout& layout) {
    const std::vector<std::byte> ours = pattern(layout.size_bytes(), 1);
    MRDA_TRY(side.write(ours));
    mrda::CopyLedger ledger;
    MRDA_ASSIGN(const auto image, mrda::vaapi::MappedImage::map(frame.surface, ledger));
    std::optional<mrda::Error> wrong;
    for_each_row(layout, image, [&](std::uint64_t offset, const std::byte* row, std::size_t bytes) {
        if (!wrong && std::memcmp(row, ours.data() + offset, bytes) != 0) {
            wrong = differs("USM", "the surface", offset);
        }
    });
    return wrong ? Result<void>(*wrong) : Result<void>();
}

/// False: not tried, because the driver shows a copy, and what is written there goes nowhere.
Result<bool> surface_shows_in_usm(UsmSide& side, Frame& frame, const FrameLayout& layout) {
    const std::vector<std::byte> ours = pattern(layout.size_bytes(), 2);
    {
        mrda::CopyLedger ledger;
        MRDA_ASSIGN(const auto image, mrda::vaapi::MappedImage::map(frame.surface, ledger));
        if (!image.writes_through()) {
            return false;
        }
        for_each_row(layout, image, [&](std::uint64_t offset, std::byte* row, std::size_t bytes) {
            std::memcpy(row, ours.data() + offset, bytes);
        });
    }
    std::vector<std::byte> seen(ours.size());
    MRDA_TRY(side.read(seen));
    for (std::size_t plane = 0; plane < layout.planes().size(); ++plane) {
        const auto& at = layout.planes()[plane];
        for (std::uint32_t row = 0; row < layout.rows(plane); ++row) {
            const std::uint64_t offset = at.offset_bytes + std::uint64_t{row} * at.pitch_bytes;
            if (std::memcmp(seen.data() + offset, ours.data() + offset, layout.row_bytes(plane)) !=
                0) {
                return differs("the surface", "USM", offset);
            }
        }
    }
    return true;
}

}  // namespace

Result<Device> open_device(Platform platform, const Options& options, Report& report) {
    std::optional<mrda::vaapi::RenderNode> node;
    MRDA_ASSIGN(auto context, open_context(platform, options, node));
    const mrda::l0::DeviceInfo& info = context.info();
    report.step("driver and device", info.name + ", device " + std::to_string(info.index));
    report.step("PCI address", info.pci ? mrda::to_string(*info.pci) : "none");
    report.step("context", std::string(info.exports_dma_buf ? "exports" : "does not export") +
                               " DMA-BUFs, " +
                               (info.imports_dma_buf ? "imports" : "does not import") + " them");
    report.step("DRM render node", node ? node->path + " (" + node->driver + ")" : "none needed");
    auto opened = node ? mrda::vaapi::Display::open(*node) : mrda::vaapi::Display::open_software();
    MRDA_ASSIGN(auto display, std::move(opened));
    report.step("VA display", display.vendor() + ", VA-API " +
                                  std::to_string(display.major_version()) + "." +
                                  std::to_string(display.minor_version()));
    report.set("/device", {{"name", info.name}, {"va_driver", display.vendor()}});
    report.set("/device/pci", info.pci ? nlohmann::json(mrda::to_string(*info.pci)) : nullptr);
    report.set("/device/node", node ? nlohmann::json(node->path) : nullptr);
    return Device{std::move(context), std::move(display)};
}

Result<std::vector<Frame>> make_frames(const Device& device, const FrameLayout& layout,
                                       const Options& options, std::size_t count, Report& report) {
    std::vector<Frame> frames;
    for (std::size_t i = 0; i < count; ++i) {
        MRDA_ASSIGN(Frame frame, make_frame(device, layout, options, i == 0, report));
        frames.push_back(std::move(frame));
    }
    return frames;
}

Result<void> prove_same_memory(const Device& device, Frame& frame, const FrameLayout& layout,
                               Proof proof, Report& report) {
    if (frame.path.route == mrda::Route::map) {
        report.step("same memory", "no: each picture is copied");
        report.set("/surface/same_memory", false);
        return {};
    }
    MRDA_ASSIGN(UsmSide side, UsmSide::open(device, frame, proof));
    MRDA_TRY(usm_shows_in_surface(side, frame, layout));
    MRDA_ASSIGN(const bool tried, surface_shows_in_usm(side, frame, layout));
    const std::string bytes = std::to_string(layout.packed_bytes()) + " bytes written ";
    report.step("same memory",
                tried ? bytes + "on each side were read on the other"
                      : bytes +
                            "to USM were read through the surface; the VA driver lets no CPU "
                            "write to it, so the other way was not tried");
    report.set("/surface/same_memory", true);
    report.set("/surface/written_through", tried);
    return {};
}

}  // namespace usm_to_va
