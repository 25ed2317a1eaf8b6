// SPDX-License-Identifier: MIT
#include "media/plugins_fixture.h"

#include <drm_fourcc.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

#include "interop/temp_files.h"
#include "mrda/interop/run_child.h"
#include "mrda/media/layout.h"

namespace mrda::media {

namespace {

constexpr std::uint64_t kFfmpegTimeoutNs = 60'000'000'000;
constexpr std::size_t kStreamPictures = 24;

std::string text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What ffmpeg's framecrc says of the packets, which stand one behind the other in `bytes`.
std::vector<Packet> split(const std::string& bytes, const std::string& framecrc) {
    std::vector<Packet> packets;
    std::istringstream lines(framecrc);
    std::size_t offset = 0;
    for (std::string line; std::getline(lines, line);) {
        long long pts = 0;
        std::size_t length = 0;
        char flags = '\0';
        const int read =
            std::sscanf(line.c_str(), "%*d, %*d, %lld, %*d, %zu, 0x%*x, %c", &pts, &length, &flags);
        if (line.starts_with("#") || read < 2) {
            continue;
        }
        packets.push_back({{bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                            bytes.begin() + static_cast<std::ptrdiff_t>(offset + length)},
                           pts * kTicksPerFrame,
                           flags != 'F'});
        offset += length;
    }
    return packets;
}

}  // namespace

Yuv moving_picture(std::uint32_t width_px, std::uint32_t height_px, std::int64_t number) {
    Yuv made{width_px, height_px, {}};
    const auto plane = [&](std::uint32_t width, std::uint32_t height, double step) {
        for (std::uint32_t y = 0; y < height; ++y) {
            for (std::uint32_t x = 0; x < width; ++x) {
                const double wave = std::sin((x + 2.0 * static_cast<double>(number)) / step) +
                                    std::cos((y + static_cast<double>(number)) / step);
                made.bytes.push_back(static_cast<std::uint8_t>(128 + 50 * wave));
            }
        }
    };
    plane(width_px, height_px, 17);
    plane(width_px / 2, height_px / 2, 11);
    plane(width_px / 2, height_px / 2, 23);
    return made;
}

Yuv ramp(std::uint32_t width_px, std::uint32_t height_px) {
    Yuv made{width_px, height_px, {}};
    const auto plane = [&](std::uint32_t width, std::uint32_t height, double across, double down) {
        for (std::uint32_t y = 0; y < height; ++y) {
            for (std::uint32_t x = 0; x < width; ++x) {
                const double level = 20 + across * (x + 0.5) / width + down * (y + 0.5) / height;
                made.bytes.push_back(static_cast<std::uint8_t>(std::lround(level)));
            }
        }
    };
    plane(width_px, height_px, 100, 100);
    plane(width_px / 2, height_px / 2, 200, 0);
    plane(width_px / 2, height_px / 2, 0, 200);
    return made;
}

Yuv oriented(const Yuv& picture, std::uint32_t degrees, const std::string& mirror) {
    const bool sideways = degrees % 180 != 0;
    Yuv made{sideways ? picture.height_px : picture.width_px,
             sideways ? picture.width_px : picture.height_px,
             {}};
    std::size_t begin = 0;
    const auto plane = [&](std::uint32_t width, std::uint32_t height) {
        for (std::uint32_t y = 0; y < height; ++y) {
            for (std::uint32_t x = 0; x < width; ++x) {
                const std::uint32_t turned_x = mirror == "horizontal" ? width - 1 - x : x;
                const std::uint32_t turned_y = mirror == "vertical" ? height - 1 - y : y;
                const std::uint32_t from_x = degrees == 0     ? turned_x
                                             : degrees == 90  ? turned_y
                                             : degrees == 180 ? width - 1 - turned_x
                                                              : height - 1 - turned_y;
                const std::uint32_t from_y = degrees == 0     ? turned_y
                                             : degrees == 90  ? width - 1 - turned_x
                                             : degrees == 180 ? height - 1 - turned_y
                                                              : turned_x;
                made.bytes.push_back(
                    picture.bytes[begin + from_y * (sideways ? height : width) + from_x]);
            }
        }
        begin += std::size_t{width} * height;
    };
    plane(made.width_px, made.height_px);
    plane(made.width_px / 2, made.height_px / 2);
    plane(made.width_px / 2, made.height_px / 2);
    return made;
}

double psnr(const Yuv& one, const Yuv& other) {
    if (one.bytes.size() != other.bytes.size() || one.width_px != other.width_px) {
        return 0;
    }
    double squares = 0;
    for (std::size_t at = 0; at < one.bytes.size(); ++at) {
        const double difference = one.bytes[at] - other.bytes[at];
        squares += difference * difference;
    }
    constexpr double kPeak = 255.0 * 255.0;
    return 10 * std::log10(kPeak * static_cast<double>(one.bytes.size()) / (squares + 1e-9));
}

Frames::Frames(std::uint32_t drm_fourcc, std::uint32_t width_px, std::uint32_t height_px,
               std::uint32_t count)
    : layout_(FrameLayout::linear(drm_fourcc, width_px, height_px).value()),
      media_layout_(to_media(layout_)) {
    allocate(count);
}

Frames::Frames(const mrda_media_layout& layout, std::uint32_t count)
    : layout_(from_media(layout).value()), media_layout_(layout) {
    allocate(count);
}

void Frames::allocate(std::uint32_t count) {
    for (std::uint32_t index = 0; index < count; ++index) {
        memory_.emplace_back(layout_.size_bytes());
        mrda_buffer buffer{};
        buffer.size_bytes = sizeof buffer;
        buffer.memory = MRDA_MEMORY_PAGES;
        buffer.id = index + 1;
        buffer.length_bytes = memory_.back().size();
        buffer.pages = memory_.back().data();
        buffer.fd = -1;
        buffers_.push_back(buffer);
    }
    for (const mrda_buffer& buffer : buffers_) {
        list_.push_back(&buffer);
    }
}

mrda_pool Frames::pool() const {
    return {.buffers = list_.data(),
            .buffer_count = static_cast<std::uint32_t>(list_.size()),
            .reserved = 0,
            .layout = media_layout_};
}

mrda_frame Frames::frame(std::uint32_t index) const {
    mrda_frame made{};
    made.size_bytes = sizeof made;
    made.buffer = &buffers_[index];
    made.layout = &media_layout_;
    made.index = index;
    return made;
}

std::vector<std::size_t> Frames::offsets() const {
    const bool pairs = layout_.format().drm_fourcc == DRM_FORMAT_NV12;
    std::vector<std::size_t> found;
    for (std::size_t component = 0; component < 3; ++component) {
        const std::uint32_t shrink = component == 0 ? 1 : 2;
        const bool paired = pairs && component > 0;
        const PlaneLayout& plane = layout_.planes()[paired ? 1 : component];
        for (std::size_t y = 0; y < layout_.height_px() / shrink; ++y) {
            for (std::size_t x = 0; x < layout_.width_px() / shrink; ++x) {
                found.push_back(plane.offset_bytes + y * plane.pitch_bytes +
                                (paired ? 2 * x + component - 1 : x));
            }
        }
    }
    return found;
}

void Frames::put(std::uint32_t index, const Yuv& picture) {
    const std::vector<std::size_t> where = offsets();
    ASSERT_EQ(where.size(), picture.bytes.size());
    for (std::size_t at = 0; at < where.size(); ++at) {
        memory_[index][where[at]] = picture.bytes[at];
    }
}

Yuv Frames::get(std::uint32_t index) const {
    Yuv picture{layout_.width_px(), layout_.height_px(), {}};
    for (const std::size_t offset : offsets()) {
        picture.bytes.push_back(memory_[index][offset]);
    }
    return picture;
}

mrda_media_packet Packet::view() const {
    return {.data = bytes.data(),
            .length_bytes = bytes.size(),
            .pts = pts,
            .dts = pts,
            .flags = key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U,
            .reserved = 0};
}

Stream ffmpeg_stream(const std::string& arguments, const std::string& size,
                     const std::string& format) {
    const TempDir dir;
    const std::string base = dir.path() + "/stream";
    const std::string count = std::to_string(kStreamPictures);
    // The source itself makes even sizes alone.
    const std::string command =
        "exec ffmpeg -v error -nostdin -f lavfi -i testsrc2=size=" + size +
        ":rate=30,format=yuv420p,scale=s=" + size + " -frames:v " + count + " -pix_fmt " + format +
        " " + arguments + " -map 0:v -f tee '[f=data]" + base + ".bin|[f=framecrc]" + base +
        ".txt' -frames:v " + count + " -pix_fmt yuv420p -map 0:v -c:v rawvideo -f rawvideo " +
        base + ".raw 2>/dev/null";
    const auto done = run_child({"/bin/sh", "-c", command}, kFfmpegTimeoutNs);
    EXPECT_TRUE(done.ok() && done->exit_code == 0) << command;
    Stream stream{split(text_of_file(base + ".bin"), text_of_file(base + ".txt")), {}};
    EXPECT_EQ(stream.packets.size(), kStreamPictures) << command;
    const std::string raw = text_of_file(base + ".raw");
    const std::size_t bytes = raw.size() / kStreamPictures;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    EXPECT_EQ(std::sscanf(size.c_str(), "%ux%u", &width, &height), 2);
    for (std::size_t number = 0; number < kStreamPictures; ++number) {
        const auto begin = raw.begin() + static_cast<std::ptrdiff_t>(number * bytes);
        stream.pictures.push_back(
            {width, height, {begin, begin + static_cast<std::ptrdiff_t>(bytes)}});
    }
    return stream;
}

mrda_session_config encoder_config(const std::string& codec, const Frames& input) {
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    config.input = input.pool();
    copy_text(config.codec.codec, codec);
    config.codec.width_px = 160;
    config.codec.height_px = 96;
    config.codec.fps_num = 30;
    config.codec.fps_den = 1;
    config.codec.rate_control = MRDA_RATE_CQP;
    config.codec.qp = 24;
    config.codec.gop_ref_dist = 1;
    config.codec.target_usage = 4;
    return config;
}

mrda_session_config decoder_config(const std::string& codec) {
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    copy_text(config.codec.codec, codec);
    return config;
}

Result<Session> try_open(const std::string& plugin, mrda_session_type type,
                         const mrda_session_config& config) {
    return Session::open(LoadedPlugin::load(MRDA_PLUGIN_DIR, plugin).value(), type, config);
}

std::vector<Packet> encode(Session& session, Frames& input, std::int64_t count,
                           const std::function<bool(std::int64_t)>& is_key) {
    std::vector<Packet> packets;
    const auto receive_all = [&] {
        while (true) {
            const ReceivedPacket received = session.receive(0).value();
            if (received.status != Status::ok) {
                return received.status;
            }
            const auto* const data = static_cast<const std::uint8_t*>(received.packet.data);
            packets.push_back({{data, data + received.packet.length_bytes},
                               received.packet.pts,
                               (received.packet.flags & MRDA_FRAME_KEY) != 0});
        }
    };
    for (std::int64_t number = 0; number < count; ++number) {
        input.put(0, moving_picture(160, 96, number));
        EXPECT_TRUE(
            session.send(0, number * kTicksPerFrame, is_key != nullptr && is_key(number)).value());
        EXPECT_EQ(receive_all(), Status::send_more);
        EXPECT_EQ(session.take_done(), 0U);
    }
    EXPECT_TRUE(session.drain().ok());
    EXPECT_EQ(receive_all(), Status::end_of_stream);
    return packets;
}

Result<Status> receive_picture(Session& session, std::vector<Decoded>& into) {
    MRDA_ASSIGN(const auto layout, session.describe());
    Frames target(layout.value_or(to_media(FrameLayout::linear(DRM_FORMAT_NV12, 16, 16).value())));
    mrda_frame frame = target.frame(0);
    MRDA_ASSIGN(const Status status, session.receive(0, 0, frame));
    if (status == Status::ok) {
        into.push_back({frame.pts, (frame.flags & MRDA_FRAME_KEY) != 0, target.get(0)});
    }
    return status;
}

std::vector<Decoded> decode(Session& session, const std::vector<Packet>& packets) {
    std::vector<Decoded> pictures;
    const auto receive_all = [&] {
        Status status = Status::ok;
        while (status == Status::ok) {
            status = receive_picture(session, pictures).value();
        }
        return status;
    };
    for (const Packet& packet : packets) {
        EXPECT_TRUE(session.send(packet.view()).value());
        EXPECT_EQ(receive_all(), Status::send_more);
    }
    EXPECT_TRUE(session.drain().ok());
    EXPECT_EQ(receive_all(), Status::end_of_stream);
    return pictures;
}

}  // namespace mrda::media
