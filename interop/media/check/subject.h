// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/media/device.h"
#include "mrda/media/loaded_plugin.h"
#include "verdict.h"

namespace mrda::check {

/// Buffers with one frame each, every byte behind the frame known, so that who writes there is
/// seen.
class FramePool {
  public:
    FramePool(const FrameLayout& layout, std::uint32_t count);

    [[nodiscard]] mrda_pool pool() const;
    /// The frame in buffer `index`, with a picture that differs from the others'.
    [[nodiscard]] mrda_frame frame(std::uint32_t index, std::int64_t pts) const;
    void draw(std::uint32_t index, std::uint64_t number) const;
    /// Of all bytes of the frame.
    [[nodiscard]] std::uint64_t sum(std::uint32_t index) const;
    /// Whether nothing behind a frame was written.
    [[nodiscard]] bool is_intact() const;
    [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(list_.size()); }

  private:
    [[nodiscard]] std::byte* pages(std::uint32_t index) const;

    FrameLayout layout_;
    mrda_media_layout words_;
    std::vector<std::shared_ptr<const media::Buffer>> buffers_;
    std::vector<const mrda_buffer*> list_;
};

/// One session of the plugin that is checked, called as a host calls it; no status is changed on
/// the way. The plugin's data has known bytes behind it.
class Subject {
  public:
    explicit Subject(const mrda_session_kind& kind);
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    ~Subject();

    /// The plugin's status; `words` has what it said.
    int init(const mrda_session_config& config);
    int send(const mrda_frame* frame);
    int send(const mrda_media_packet* packet);
    int receive(std::uint64_t timeout_ns, mrda_media_packet& packet);
    int receive(std::uint32_t output, std::uint64_t timeout_ns, mrda_frame& frame);
    int reset();
    int write(std::span<const mrda_parameter> parameters);
    int read(std::uint64_t timeout_ns, std::span<mrda_parameter> parameters);
    [[nodiscard]] const std::string& words() const { return words_; }
    /// Whether nothing behind its data was written.
    [[nodiscard]] bool is_intact() const;
    void close();

    void* data();

  private:
    int said(int status, const mrda_media_error& error);

    const mrda_session_kind& kind_;
    std::vector<std::byte> bytes_;
    std::string words_;
    bool open_ = false;
};

/// For a status: "TRY_AGAIN", "-2 (unsupported)", "17".
std::string status_text(int status);
/// Empty if `status` is an error with words, as every refusal must be.
Fault check_refusal(const std::string& what, int status, const std::string& words);

/// Empty if init refuses `config` with a parameter that no session knows, and names it.
Fault check_unknown_parameter(const mrda_session_kind& kind, mrda_session_config config);

/// A configuration that the plugin lists: 64x64 (or as asked) at 30 frames per second, QP 26.
mrda_session_config plain_config(const char* codec, std::uint32_t width_px,
                                 std::uint32_t height_px);

}  // namespace mrda::check
