// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfx.h>

#include <cstdint>
#include <optional>
#include <string>

#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/display.h"
#include "mrda/vpl/codec.h"

namespace mrda::vpl {

struct LoaderPolicy {
    using Handle = mfxLoader;
    static Handle null() { return nullptr; }
    static void close(Handle loader);
};
struct SessionPolicy {
    using Handle = mfxSession;
    static Handle null() { return nullptr; }
    static void close(Handle session);
};

/// A oneVPL session that encodes, on the same device as a VA display. For one thread at a time.
class Session {
  public:
    /// Asks the dispatcher for an implementation that encodes `codec` from VA surfaces: on the
    /// software platform ours, else the one of the display's render node. `display` must outlive
    /// the session. Errors: not_found (the message lists the implementations that the dispatcher
    /// saw).
    static Result<Session> open(const vaapi::Display& display, Codec codec);

    [[nodiscard]] mfxSession handle() const { return session_.get(); }
    [[nodiscard]] Platform platform() const { return platform_; }
    /// What the implementation calls itself, and the API version it offers: "mrda-software,
    /// API 2.8".
    [[nodiscard]] const std::string& implementation() const { return implementation_; }

    /// Which pictures it says to encode: "64x64 to 8192x8192". "": it does not say.
    [[nodiscard]] std::string sizes() const;
    /// Whether it says so of pictures of that size. The driver beneath need not agree.
    [[nodiscard]] bool describes(std::uint32_t width_px, std::uint32_t height_px) const;

  private:
    Session() = default;
    /// Of an implementation that describes an encoder of `described`, or that describes anything.
    static Result<Session> create(const vaapi::Display& display, std::optional<Codec> described);
    Result<void> describe(Codec codec);

    struct Size {
        std::uint32_t width_px;
        std::uint32_t height_px;
    };

    Platform platform_ = Platform::gpu;
    std::string implementation_;
    Size smallest_{};
    Size largest_{};  // 0x0: it does not say.
    Owned<LoaderPolicy> loader_;
    Owned<SessionPolicy> session_;
};

}  // namespace mrda::vpl
