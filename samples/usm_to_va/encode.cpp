// SPDX-License-Identifier: MIT
#include "encode.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "frame_source.h"
#include "mrda/interop/copy_ledger.h"
#include "mrda/vaapi/image.h"

namespace usm_to_va {

namespace {

using mrda::FrameLayout;
using mrda::Result;

constexpr std::int64_t kTicksPerSecond = 90000;
constexpr std::uint32_t kMacroblockPx = 16;

std::uint32_t round_up(std::uint32_t value) {
    return (value + kMacroblockPx - 1) / kMacroblockPx * kMacroblockPx;
}

/// Puts a packed picture into a frame's USM by the device's copy engine, or reads it straight into
/// place where the host may and the rows have no padding.
class Filler {
  public:
    static Result<Filler> create(const Device& device, const FrameLayout& picture,
                                 const FrameLayout& surface) {
        MRDA_ASSIGN(auto list, mrda::l0::CommandList::create(
                                   device.context, mrda::l0::CommandList::Kind::immediate));
        MRDA_ASSIGN(auto staging, mrda::l0::UsmBuffer::allocate(
                                      device.context, mrda::l0::UsmKind::host,
                                      picture.packed_bytes(), mrda::l0::Exportable::no));
        return Filler(std::move(list), std::move(staging), picture, surface);
    }

    /// False: the source has no more.
    Result<bool> fill(FrameSource& source, mrda::l0::UsmBuffer& usm) {
        auto* const target = static_cast<std::byte*>(usm.data());
        if (usm.host_accessible() && same_rows_) {
            return source.read({target, picture_.packed_bytes()});
        }
        auto* const staged = static_cast<std::byte*>(staging_.data());
        MRDA_ASSIGN(const bool more, source.read({staged, picture_.packed_bytes()}));
        if (!more) {
            return false;
        }
        std::uint64_t from = 0;
        for (std::size_t plane = 0; plane < picture_.planes().size(); ++plane) {
            const auto row_bytes = static_cast<std::uint32_t>(picture_.row_bytes(plane));
            const mrda::PlaneLayout& at = surface_.planes()[plane];
            const std::uint64_t plane_bytes = std::uint64_t{row_bytes} * picture_.rows(plane);
            if (at.pitch_bytes == row_bytes) {
                MRDA_TRY(list_.copy(target + at.offset_bytes, staged + from, plane_bytes));
            } else {
                MRDA_TRY(list_.copy_2d({target + at.offset_bytes, at.pitch_bytes},
                                       {staged + from, row_bytes}, row_bytes,
                                       picture_.rows(plane)));
            }
            from += plane_bytes;
        }
        // The staging buffer is filled again next, so the engine must be done with it.
        MRDA_TRY(list_.wait());
        return true;
    }

  private:
    Filler(mrda::l0::CommandList list, mrda::l0::UsmBuffer staging, const FrameLayout& picture,
           const FrameLayout& surface)
        : picture_(picture),
          surface_(surface),
          staging_(std::move(staging)),
          list_(std::move(list)) {
        std::uint64_t packed = 0;
        same_rows_ = true;
        for (std::size_t plane = 0; plane < picture.planes().size(); ++plane) {
            same_rows_ = same_rows_ && surface.planes()[plane].offset_bytes == packed &&
                         surface.planes()[plane].pitch_bytes == picture.row_bytes(plane);
            packed += picture.row_bytes(plane) * picture.rows(plane);
        }
    }

    FrameLayout picture_;
    FrameLayout surface_;
    bool same_rows_ = false;
    mrda::l0::UsmBuffer staging_;
    mrda::l0::CommandList list_;
};

/// The output file. Every write is checked: a full disk is an error, not a short file.
class Output {
  public:
    static Result<Output> create(const std::string& path) {
        mrda::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!fd) {
            return mrda::os_error("open", errno, "cannot write " + path);
        }
        return Output(path, std::move(fd));
    }

    Result<void> write(std::span<const std::byte> data) {
        while (!data.empty()) {
            const ssize_t count = ::write(fd_.get(), data.data(), data.size());
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return mrda::os_error("write", errno,
                                      "cannot write " + path_ + " after " + std::to_string(bytes_) +
                                          " bytes; what is there is incomplete");
            }
            data = data.subspan(static_cast<std::size_t>(count));
            bytes_ += static_cast<std::uint64_t>(count);
        }
        return {};
    }

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    Output(std::string path, mrda::Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    mrda::Fd fd_;
    std::uint64_t bytes_ = 0;
};

struct Totals {
    std::uint64_t frames = 0;
    std::uint64_t packets = 0;
    double seconds = 0;
};

/// Takes one packet if there is one; false at the end of the stream, or where more input is needed.
Result<bool> take_packet(mrda::vpl::Encoder& encoder, Output& output, Totals& totals) {
    MRDA_ASSIGN(const mrda::vpl::Received received, encoder.receive());
    if (received.status != mrda::vpl::Received::Status::packet) {
        return false;
    }
    ++totals.packets;
    MRDA_TRY(output.write(received.packet.data));
    return true;
}

/// From USM to the encoder's input: nothing to do, unless the route is a copy.
Result<void> hand_over(const Frame& frame, const mrda::vaapi::Surface& surface,
                       const FrameLayout& layout, mrda::CopyLedger& ledger) {
    if (frame.path.route != mrda::Route::map) {
        return {};
    }
    return mrda::vaapi::copy_to_surface(static_cast<const std::byte*>(frame.usm.data()), layout,
                                        surface, ledger, "the route is map");
}

/// Hands surface `index` over, and makes room whenever the device takes no more work.
Result<void> submit(mrda::vpl::Encoder& encoder, std::size_t index, std::int64_t pts,
                    Output& output, Totals& totals) {
    for (;;) {
        auto submitted = encoder.submit(index, pts, mrda::Sync::idle());
        if (submitted.ok() || submitted.error().code != mrda::Errc::busy) {
            return submitted;
        }
        MRDA_ASSIGN(const bool taken, take_packet(encoder, output, totals));
        if (!taken) {
            return submitted;
        }
    }
}

Result<Totals> run(mrda::vpl::Encoder& encoder, std::vector<Frame>& frames,
                   const FrameLayout& layout, Filler& filler, FrameSource& source, Output& output,
                   mrda::CopyLedger& ledger, const Options& options) {
    Totals totals;
    const auto begin = std::chrono::steady_clock::now();
    for (;;) {
        std::optional<std::size_t> free = encoder.free_surface();
        while (!free || encoder.in_flight() == options.async_depth) {
            MRDA_ASSIGN(const bool taken, take_packet(encoder, output, totals));
            if (!taken) {
                return mrda::make_error(mrda::Errc::internal,
                                        "the encoder holds every surface and gives no packet");
            }
            free = encoder.free_surface();
        }
        MRDA_ASSIGN(const bool more, filler.fill(source, frames[*free].usm));
        if (!more) {
            break;
        }
        MRDA_TRY(hand_over(frames[*free], encoder.surface(*free), layout, ledger));
        const auto pts = static_cast<std::int64_t>(totals.frames) * kTicksPerSecond /
                         static_cast<std::int64_t>(options.fps);
        MRDA_TRY(submit(encoder, *free, pts, output, totals));
        ++totals.frames;
    }
    encoder.drain();
    for (bool more = true; more;) {
        MRDA_ASSIGN(more, take_packet(encoder, output, totals));
    }
    totals.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return totals;
}

void report_totals(const Totals& totals, const mrda::vpl::Encoder& encoder, const Output& output,
                   const mrda::CopyLedger& ledger, Report& report) {
    const double fps = totals.seconds > 0 ? static_cast<double>(totals.frames) / totals.seconds : 0;
    const auto copied = encoder.codec_copied_bytes();
    const std::uint64_t frames = std::max<std::uint64_t>(totals.frames, 1);
    char speed[64];
    std::snprintf(speed, sizeof speed, "%.1f", fps);
    report.step("encode", encoder.implementation() + ": " + std::to_string(totals.frames) +
                              " frames, " + std::to_string(totals.packets) + " packets, " +
                              std::to_string(output.bytes()) + " bytes, " + speed + " frames/s");
    report.line("    cpu_copied_bytes per frame    " +
                std::to_string(ledger.total_bytes() / frames) +
                " (from USM to the encoder's input)");
    report.line(
        "    codec_copied_bytes per frame  " +
        (copied ? std::to_string(*copied / frames) : std::string("not told by this runtime")));
    report.set("/encode", {{"implementation", encoder.implementation()},
                           {"frames", totals.frames},
                           {"packets", totals.packets},
                           {"bytes", output.bytes()},
                           {"seconds", totals.seconds},
                           {"fps", fps},
                           {"handles_given", encoder.allocator().handles_given()}});
    report.set("/cpu_copied_bytes_per_frame", ledger.total_bytes() / frames);
    report.set("/codec_copied_bytes_per_frame",
               copied ? nlohmann::json(*copied / frames) : nlohmann::json(nullptr));
}

}  // namespace

mrda::vpl::EncoderConfig encoder_config(const Options& options) {
    mrda::vpl::EncoderConfig config;
    config.codec = options.codec;
    config.width_px = options.width_px;
    config.height_px = options.height_px;
    config.fps_num = options.fps;
    config.rate_control =
        options.bitrate_kbps == 0 ? mrda::vpl::RateControl::cqp : mrda::vpl::RateControl::vbr;
    config.qp = options.qp;
    config.bitrate_kbps = options.bitrate_kbps;
    config.gop_size = options.gop_size;
    config.gop_ref_dist = options.gop_ref_dist;
    config.async_depth = options.async_depth;
    config.target_usage = options.target_usage;
    return config;
}

Result<FrameLayout> surface_layout(const Options& options) {
    return FrameLayout::linear(options.drm_fourcc, round_up(options.width_px),
                               round_up(options.height_px));
}

Result<void> encode_frames(const Device& device, std::vector<Frame>& frames,
                           const FrameLayout& layout, const Options& options, Report& report) {
    // The picture as it lies in the file: no padding at all.
    MRDA_ASSIGN(const FrameLayout picture, FrameLayout::linear(options.drm_fourcc, options.width_px,
                                                               options.height_px, {1, 1}));
    MRDA_ASSIGN(FrameSource source, FrameSource::open(options.input, options.frames, picture));
    MRDA_ASSIGN(Filler filler, Filler::create(device, picture, layout));
    std::vector<mrda::vaapi::Surface> surfaces;
    for (Frame& frame : frames) {
        surfaces.push_back(std::move(frame.surface));
    }
    MRDA_ASSIGN(auto encoder, mrda::vpl::Encoder::create(device.display, encoder_config(options),
                                                         std::move(surfaces)));
    mrda::CopyLedger ledger;
    MRDA_ASSIGN(Output output, Output::create(options.output));
    MRDA_ASSIGN(const Totals totals,
                run(*encoder, frames, layout, filler, source, output, ledger, options));
    report_totals(totals, *encoder, output, ledger, report);
    return {};
}

}  // namespace usm_to_va
