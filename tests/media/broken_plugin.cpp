// SPDX-License-Identifier: MIT
// A plugin that is wrong in one way, MRDA_FAULT; with `liar` its table is right, and what its
// functions say is not.
#include <cstdlib>
#include <cstring>

#include "mrda/media/plugin.h"

struct mrda_encoder {
    int dummy;
};

namespace {

enum class Fault {
    no_entry,
    no_table,
    old_abi,
    short_table,
    ends_early,
    other_name,
    missing_function,
    liar
};
[[maybe_unused]] constexpr Fault kFault = Fault::MRDA_FAULT;

mrda_encoder the_only_one{};

int open(const mrda_encoder_config* config, mrda_encoder** encoder, mrda_media_error* error) {
    if (config->width_px == 1) {
        return MRDA_MEDIA_OK;  // And no encoder.
    }
    if (config->width_px == 2) {
        std::memset(error->message, 'x', sizeof error->message);
        return -2;
    }
    *encoder = &the_only_one;
    return MRDA_MEDIA_OK;
}
int send(mrda_encoder*, uint32_t slot, int64_t, uint32_t, mrda_media_error*) {
    return static_cast<int>(slot);
}
int receive(mrda_encoder*, uint64_t, mrda_media_packet*, mrda_media_error*) {
    return -1000;
}
int take_done(mrda_encoder*, uint32_t*) {
    return 7;
}
int drain(mrda_encoder*, mrda_media_error*) {
    return -3;
}
int reset(mrda_encoder*, mrda_media_error* error) {
    std::strcpy(error->message, "no reset today");
    return -7;
}
void report(const mrda_encoder*, mrda_media_report* report) {
    std::memset(report, 'y', sizeof *report);
}
void close(mrda_encoder*) {}
void prepare(const char*) {
    std::abort();  // Behind the end of a table that ends early.
}

constexpr const char* kCodecs[] = {"copy", nullptr};
[[maybe_unused]] constexpr mrda_encoder_plugin kPlugin{
    .size_bytes = sizeof(mrda_encoder_plugin) - (kFault == Fault::short_table  ? 16
                                                 : kFault == Fault::ends_early ? 8
                                                                               : 0),
    .abi = MRDA_PLUGIN_ABI + (kFault == Fault::old_abi ? 98 : 0),
    .name = kFault == Fault::other_name ? "somebody-else" : MRDA_NAME,
    .version = "0",
    .codecs = kCodecs,
    .open = open,
    .send = send,
    .receive = kFault == Fault::missing_function ? nullptr : receive,
    .take_done = take_done,
    .drain = drain,
    .reset = reset,
    .report = report,
    .close = close,
    .prepare = prepare};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_encoder_plugin* mrda_plugin_entry(uint32_t);

#define MRDA_IS_no_entry 1
#define MRDA_IS_JOINED(fault) MRDA_IS_##fault
#define MRDA_IS(fault) MRDA_IS_JOINED(fault)
#if !MRDA_IS(MRDA_FAULT)
extern "C" const mrda_encoder_plugin* mrda_plugin_entry(uint32_t) {
    return kFault == Fault::no_table ? nullptr : &kPlugin;
}
#endif
