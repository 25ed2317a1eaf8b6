// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/guest/guest.hpp"
#include "mrda/interop/result.h"
#include "mrda/media/session.h"
#include "options.h"

namespace mrda_sample_app {

/// What decoding gave.
struct Verified {
    std::string implementation;
    std::uint64_t pictures = 0;
    std::uint64_t compared = 0;    ///< Of these, with the frame that was sent.
    double psnr_db = 0;            ///< Of the luma of all that were compared; infinite: all alike.
    std::uint64_t kept_bytes = 0;  ///< Of luma, copied so that it could be compared.
};

/// Decodes on this machine what came back, and compares its luma with what was sent. For one
/// thread.
class Verifier {
  public:
    /// By the decoder that `options` name. Errors: as media::LoadedPlugin::load() and
    /// media::Session::open().
    static mrda::Result<std::unique_ptr<Verifier>> open(const Options& options);

    /// Whether keep() is of use: luma is sent.
    [[nodiscard]] bool compares() const { return compares_; }
    /// The luma, packed, of a frame that will be sent with `pts`, until its picture comes. What
    /// would be more than kMaxKeptBytes drops the oldest.
    void keep(std::vector<std::uint8_t> luma, std::int64_t pts);
    /// The next packet. Waits for the decoder. Errors: what it says; corrupt (pictures of another
    /// size).
    mrda::Result<void> decode(const mrda::guest::Packet& packet);
    /// The pictures that are inside still. Errors: as decode(); corrupt (there are not `expected`).
    mrda::Result<void> finish(std::uint64_t expected);

    [[nodiscard]] Verified result() const;

    static constexpr std::uint64_t kMaxKeptBytes = std::uint64_t{256} << 20;

  private:
    Verifier(const Options& options, mrda::media::Session session);
    /// All that are ready; waits for the first.
    mrda::Result<mrda::media::Status> take_pictures(std::uint64_t timeout_ns);
    mrda::Result<bool> prepare_frame();
    void compare(std::int64_t pts);

    mrda::media::Session session_;
    std::uint32_t width_px_;
    std::uint32_t height_px_;
    bool compares_;  // Luma was sent.
    std::map<std::int64_t, std::vector<std::uint8_t>> kept_;
    mrda_media_layout layout_{};
    std::vector<std::uint8_t> memory_;
    mrda_buffer buffer_{};
    mrda_frame frame_{};
    Verified counts_;
    double squares_ = 0;  // Of all differences.
    std::uint64_t samples_ = 0;
};

}  // namespace mrda_sample_app
