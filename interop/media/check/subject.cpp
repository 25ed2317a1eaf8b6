// SPDX-License-Identifier: MIT
#include "subject.h"

#include <algorithm>
#include <cstring>

#include "mrda/media/layout.h"

namespace mrda::check {

namespace {

constexpr std::byte kGuard{0xa5};
constexpr std::size_t kGuardBytes = 4096;

mrda_media_error no_words() {
    mrda_media_error error;
    std::memset(error.message, 0, sizeof error.message);
    return error;
}

}  // namespace

FramePool::FramePool(const FrameLayout& layout, std::uint32_t count)
    : layout_(layout), words_(media::to_media(layout)) {
    const auto device = media::make_host_device(0);
    while (buffers_.size() < count) {
        buffers_.push_back(device->allocate(0, layout.size_bytes() + kGuardBytes).value());
        list_.push_back(&buffers_.back()->view());
        const auto index = static_cast<std::uint32_t>(list_.size() - 1);
        draw(index, index);
        std::fill_n(pages(index) + layout.size_bytes(), kGuardBytes, kGuard);
    }
}

std::byte* FramePool::pages(std::uint32_t index) const {
    return static_cast<std::byte*>(list_[index]->pages);
}

mrda_pool FramePool::pool() const {
    return {list_.data(), count(), 0, words_};
}

mrda_frame FramePool::frame(std::uint32_t index, std::int64_t pts) const {
    return {.size_bytes = sizeof(mrda_frame),
            .flags = 0,
            .buffer = list_[index],
            .layout = &words_,
            .pts = pts,
            .index = index,
            .side_data_count = 0,
            .side_data = nullptr};
}

void FramePool::draw(std::uint32_t index, std::uint64_t number) const {
    std::byte* const pixels = pages(index);
    const std::uint64_t pitch_bytes = layout_.planes()[0].pitch_bytes;
    for (std::uint64_t at = 0; at < layout_.size_bytes(); ++at) {
        pixels[at] =
            static_cast<std::byte>(64 + (at % pitch_bytes + at / pitch_bytes + 3 * number) % 128);
    }
}

std::uint64_t FramePool::sum(std::uint32_t index) const {
    std::uint64_t sum = 14695981039346656037U;  // FNV-1a.
    for (std::uint64_t at = 0; at < layout_.size_bytes(); ++at) {
        sum = (sum ^ std::to_integer<std::uint64_t>(pages(index)[at])) * 1099511628211U;
    }
    return sum;
}

bool FramePool::is_intact() const {
    for (std::uint32_t index = 0; index < count(); ++index) {
        const std::byte* const guard = pages(index) + layout_.size_bytes();
        if (std::count(guard, guard + kGuardBytes, kGuard) !=
            static_cast<std::ptrdiff_t>(kGuardBytes)) {
            return false;
        }
    }
    return true;
}

Subject::Subject(const mrda_session_kind& kind) : kind_(kind), bytes_(kind.session_bytes) {
    bytes_.resize(kind.session_bytes + kGuardBytes, kGuard);
}

Subject::~Subject() {
    close();
}

void* Subject::data() {
    return bytes_.data();
}

int Subject::said(int status, const mrda_media_error& error) {
    words_.assign(error.message, ::strnlen(error.message, sizeof error.message));
    return status;
}

int Subject::init(const mrda_session_config& config) {
    mrda_media_error error = no_words();
    const int status = kind_.init(data(), &config, &error);
    open_ = status == MRDA_MEDIA_OK;
    return said(status, error);
}

int Subject::send(const mrda_frame* frame) {
    mrda_media_error error = no_words();
    return said(kind_.send_frame(data(), frame, &error), error);
}

int Subject::send(const mrda_media_packet* packet) {
    mrda_media_error error = no_words();
    return said(kind_.send_packet(data(), packet, &error), error);
}

int Subject::receive(std::uint64_t timeout_ns, mrda_media_packet& packet) {
    mrda_media_error error = no_words();
    return said(kind_.receive_packet(data(), timeout_ns, &packet, &error), error);
}

int Subject::receive(std::uint32_t output, std::uint64_t timeout_ns, mrda_frame& frame) {
    mrda_media_error error = no_words();
    return said(kind_.receive_frame(data(), output, timeout_ns, &frame, &error), error);
}

int Subject::reset() {
    mrda_media_error error = no_words();
    return said(kind_.reset(data(), &error), error);
}

int Subject::write(std::span<const mrda_parameter> parameters) {
    mrda_media_error error = no_words();
    return said(kind_.write(data(), parameters.data(),
                            static_cast<std::uint32_t>(parameters.size()), &error),
                error);
}

int Subject::read(std::uint64_t timeout_ns, std::span<mrda_parameter> parameters) {
    mrda_media_error error = no_words();
    return said(kind_.read(data(), timeout_ns, parameters.data(),
                           static_cast<std::uint32_t>(parameters.size()), &error),
                error);
}

bool Subject::is_intact() const {
    return std::all_of(bytes_.begin() + static_cast<std::ptrdiff_t>(kind_.session_bytes),
                       bytes_.end(), [](std::byte byte) { return byte == kGuard; });
}

void Subject::close() {
    if (open_) {
        open_ = false;
        kind_.close(data());
    }
}

std::string status_text(int status) {
    switch (status) {
        case MRDA_MEDIA_OK:
            return "OK";
        case MRDA_MEDIA_SEND_MORE:
            return "SEND_MORE";
        case MRDA_MEDIA_TRY_AGAIN:
            return "TRY_AGAIN";
        case MRDA_MEDIA_END:
            return "END";
        default:
            break;
    }
    const bool named = status < 0 && status >= -1 - static_cast<int>(Errc::internal);
    return std::to_string(status) +
           (named ? " (" + std::string(to_string(static_cast<Errc>(-1 - status))) + ")" : "");
}

Fault check_refusal(const std::string& what, int status, const std::string& words) {
    if (status >= 0 || status < -1 - static_cast<int>(Errc::internal)) {
        return what + " must be an error, and is " + status_text(status);
    }
    if (words.empty()) {
        return what + " is " + status_text(status) + " without a message: nobody can mend it";
    }
    return {};
}

Fault check_unknown_parameter(const mrda_session_kind& kind, mrda_session_config config) {
    mrda_parameter unknown{};
    unknown.name = "no-such-parameter";
    unknown.type = MRDA_PARAMETER_INTEGER;
    config.parameters = &unknown;
    config.parameter_count = 1;
    Subject subject(kind);
    const int status = subject.init(config);
    const Fault fault =
        check_refusal("init with a parameter that is not known", status, subject.words());
    if (!fault.empty() || subject.words().find(unknown.name) != std::string::npos) {
        return fault;
    }
    return "a parameter that is not known is not named: \"" + subject.words() + "\"";
}

mrda_session_config plain_config(const char* codec, std::uint32_t width_px,
                                 std::uint32_t height_px) {
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    media::copy_text(config.codec.codec, codec);
    config.codec.width_px = width_px;
    config.codec.height_px = height_px;
    config.codec.fps_num = 30;
    config.codec.fps_den = 1;
    config.codec.qp = 26;
    config.codec.bitrate_kbps = 500;
    config.codec.gop_size = 30;
    config.codec.gop_ref_dist = 1;
    config.codec.num_ref_frames = 1;
    config.codec.target_usage = 7;
    config.codec.async_depth = 2;
    return config;
}

}  // namespace mrda::check
