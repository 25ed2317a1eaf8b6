// SPDX-License-Identifier: MIT
#include <mrda/interop/frame_layout.h>
#include <mrda/interop/platform.h>
#ifdef WITH_l0
#include <mrda/l0/context.h>
#endif
#ifdef WITH_vaapi
#include <mrda/vaapi/display.h>
#endif
#ifdef WITH_vpl
#include <mrda/vpl/session.h>
#endif

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

mrda::Result<std::string> use_interop() {
    MRDA_ASSIGN(const auto format, mrda::parse_format("NV12"));
    MRDA_ASSIGN(const auto layout, mrda::FrameLayout::linear(format.drm_fourcc, 1280, 720));
    return layout.to_string();
}

#ifdef WITH_l0
mrda::Result<std::string> use_l0() {
    MRDA_ASSIGN(const auto devices, mrda::l0::Context::list_devices());
    return devices.front().name;
}
#endif

#ifdef WITH_vaapi
mrda::Result<std::string> use_vaapi() {
    MRDA_ASSIGN(const auto display, mrda::vaapi::Display::open_software());
    return display.vendor();
}
#endif

#ifdef WITH_vpl
mrda::Result<std::string> use_vpl() {
    MRDA_ASSIGN(const auto display, mrda::vaapi::Display::open_software());
    MRDA_ASSIGN(const auto session, mrda::vpl::Session::open(display, mrda::vpl::Codec::avc));
    return session.implementation();
}
#endif

}  // namespace

/// Makes one call of each module. The arguments name the modules whose driver must answer; of the
/// others, an error is good enough.
int main(int count, char** arguments) {
    const std::vector<std::string> must_work(arguments + 1, arguments + count);
    if (const auto drivers = mrda::use_software_drivers(); !drivers.ok()) {
        std::printf("%s\n", mrda::to_string(drivers.error()).c_str());
    }
    bool good = true;
    const auto show = [&](const std::string& module, const mrda::Result<std::string>& result) {
        const bool needed = module == "interop" || std::ranges::count(must_work, module) != 0;
        good = good && (result.ok() || !needed);
        std::printf("%s: %s\n", module.c_str(),
                    result.ok() ? result->c_str() : mrda::to_string(result.error()).c_str());
    };
    show("interop", use_interop());
#ifdef WITH_l0
    show("l0", use_l0());
#endif
#ifdef WITH_vaapi
    show("vaapi", use_vaapi());
#endif
#ifdef WITH_vpl
    show("vpl", use_vpl());
#endif
    return good ? 0 : 1;
}
