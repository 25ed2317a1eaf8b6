// SPDX-License-Identifier: MIT
// A plugin that is wrong in one way, MRDA_FAULT; with `liar` its table is right, and what its
// functions say is not.
#include <drm_fourcc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "mrda/media/plugin.h"

namespace {

enum class Fault {
    no_entry,
    no_table,
    newer_abi,
    short_table,
    older_abi,
    long_map,
    outside_map,
    no_code,
    no_flight,
    half_device,
    other_name,
    other_format,
    no_kind,
    short_kind,
    no_format,
    no_memory,
    missing_function,
    init_crashes,
    init_declines,
    liar
};
[[maybe_unused]] constexpr Fault kFault = Fault::MRDA_FAULT;

struct Data {
    uint64_t words[32];
};

int init(void* session, const mrda_session_config* config, mrda_media_error* error) {
    if (kFault == Fault::init_crashes) {
        std::abort();
    }
    if (kFault == Fault::init_declines) {
        std::strcpy(error->message, "no accelerator is in slot 3; plug one in");
        return -3;
    }
    Data& data = *static_cast<Data*>(session);
    if (config->codec.width_px == 1) {
        return MRDA_MEDIA_SEND_MORE;  // What init cannot have.
    }
    if (config->codec.width_px == 2) {
        std::memset(error->message, 'x', sizeof error->message);
        return -2;
    }
    for (const uint64_t word : data.words) {
        if (config->codec.width_px == 3 && word != 0) {
            return -1;
        }
    }
    data.words[0] = 1;
    return MRDA_MEDIA_OK;
}
int send_frame(void*, const mrda_frame* frame, mrda_media_error*) {
    return frame == nullptr ? -3 : static_cast<int>(frame->pts);
}
int receive_packet(void*, uint64_t, mrda_media_packet*, mrda_media_error*) {
    return -1000;
}
int take_done(void*, uint32_t*) {
    return 7;
}
int reset(void*, mrda_media_error* error) {
    std::strcpy(error->message, "no reset today");
    return -7;
}
void report(const void*, mrda_media_report* report) {
    std::memset(report, 'y', sizeof *report);
}
void close(void* session) {
    if (static_cast<Data*>(session)->words[0]-- != 1) {
        std::abort();
    }
}

std::int32_t run(void*) {
    return 0;
}

constexpr const char* kCodecs[] = {"copy", nullptr};
constexpr mrda_format kInputs[] = {
    {kFault == Fault::other_format ? DRM_FORMAT_XRGB8888 : DRM_FORMAT_NV12, 12}, {0, 0}};
constexpr mrda_session_kind kEncoder{
    .size_bytes = sizeof(mrda_session_kind) - (kFault == Fault::short_kind ? 8 : 0),
    .type = MRDA_SESSION_ENCODER,
    .codecs = kCodecs,
    .inputs = kFault == Fault::no_format ? nullptr : kInputs,
    .input_memory = kFault == Fault::no_memory ? 0U : std::uint32_t{MRDA_MEMORY_PAGES},
    .session_bytes = sizeof(Data),
    .init = init,
    .send_frame = send_frame,
    .receive_packet = kFault == Fault::missing_function ? nullptr : receive_packet,
    .take_done = take_done,
    .reset = reset,
    .report = report,
    .close = close};
constexpr const mrda_session_kind* kKinds[] = {kFault == Fault::no_kind ? nullptr : &kEncoder,
                                               nullptr};
constexpr mrda_unit_argument kArguments[] = {
    {"words", MRDA_ARGUMENT_BUFFER, kFault == Fault::outside_map ? 12U : 0U, 8, -1}};
constexpr mrda_unit_kind kUnit{.size_bytes = sizeof(mrda_unit_kind),
                               .register_bytes = kFault == Fault::long_map ? 4096U : 16U,
                               .name = "unit",
                               .arguments = kArguments,
                               .argument_count = 1,
                               .in_flight = kFault == Fault::no_flight ? 0U : 1U,
                               .channel_in_offset = MRDA_NO_REGISTER,
                               .channel_out_offset = MRDA_NO_REGISTER,
                               .global_size_offset = MRDA_NO_REGISTER,
                               .run = kFault == Fault::no_code ? nullptr : run};
constexpr const mrda_unit_kind* kUnits[] = {&kUnit, nullptr};
constexpr bool kHasUnits = kFault == Fault::long_map || kFault == Fault::outside_map ||
                           kFault == Fault::no_code || kFault == Fault::no_flight;
constexpr mrda_device_kind kDevices{.size_bytes = sizeof(mrda_device_kind)};
[[maybe_unused]] constexpr mrda_plugin kPlugin{
    .size_bytes = sizeof(mrda_plugin) - (kFault == Fault::short_table ? 8 : 0),
    .abi = kFault == Fault::older_abi   ? MRDA_PLUGIN_ABI - 1
           : kFault == Fault::newer_abi ? MRDA_PLUGIN_ABI + 1
                                        : MRDA_PLUGIN_ABI,
    .name = kFault == Fault::other_name ? "somebody-else" : MRDA_NAME,
    .version = "0",
    .kinds = kKinds,
    .units = kHasUnits ? kUnits : nullptr,
    .devices = kFault == Fault::half_device ? &kDevices : nullptr};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(uint32_t);

#define MRDA_IS_no_entry 1
#define MRDA_IS_JOINED(fault) MRDA_IS_##fault
#define MRDA_IS(fault) MRDA_IS_JOINED(fault)
#if !MRDA_IS(MRDA_FAULT)
extern "C" const mrda_plugin* mrda_plugin_entry(uint32_t) {
    return kFault == Fault::no_table ? nullptr : &kPlugin;
}
#endif
