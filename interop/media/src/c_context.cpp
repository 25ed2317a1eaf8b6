// SPDX-License-Identifier: MIT
// mrda/media/media.h: contexts, devices, units.
#include <cstddef>

#include "c_answer.h"
#include "mrda/interop/platform.h"

namespace mrda::media {

namespace {

Result<ContextOptions> options_of(const mrda_media_options& given) {
    ContextOptions options;
    if (given.plugin_folder_count > 0) {
        MRDA_TRY(check_given(given.plugin_folders, "plugin_folders"));
    }
    if (given.device_plugin_count > 0) {
        MRDA_TRY(check_given(given.device_plugins, "device_plugins"));
    }
    if (given.units_count > 0) {
        MRDA_TRY(check_given(given.units, "units"));
    }
    for (std::uint32_t index = 0; index < given.plugin_folder_count; ++index) {
        options.plugin_folders.push_back(text(given.plugin_folders[index]));
    }
    for (std::uint32_t index = 0; index < given.device_plugin_count; ++index) {
        options.device_plugins.push_back(text(given.device_plugins[index]));
    }
    for (std::uint32_t index = 0; index < given.units_count; ++index) {
        const mrda_media_units& units = given.units[index];
        options.units.push_back({text(units.plugin), text(units.unit), units.device, units.count});
    }
    return options;
}

mrda_device_info info_of(const Device& device) {
    mrda_device_info info{};
    copy_text(info.name, device.name());
    copy_text(info.address, device.address());
    for (const Bank& bank : device.banks()) {
        mrda_bank& told = info.banks[info.bank_count++];
        copy_text(told.name, bank.name);
        told.memory = bank.memory;
        told.size_bytes = bank.size_bytes;
    }
    return info;
}

mrda_media_unit_info info_of(const ComputeUnit& unit) {
    const UnitStatistics statistics = unit.statistics();
    mrda_media_unit_info info{};
    copy_text(info.name, unit.name());
    info.sessions = statistics.sessions;
    info.scheduled = statistics.scheduled;
    info.done = statistics.done;
    info.failed = statistics.failed;
    info.busy_ns = statistics.busy_ns;
    info.waiting_ns = statistics.waiting_ns;
    return info;
}

mrda_media_place_info info_of(const Reservation& reservation) {
    mrda_media_place_info info{};
    info.device = reservation.device();
    info.bank = reservation.bank();
    info.shares_memory = reservation.shares_memory() ? 1 : 0;
    copy_text(info.why_not, reservation.why_not());
    return info;
}

constexpr std::size_t kLeastOptionsBytes =
    offsetof(mrda_media_options, units) + sizeof(mrda_media_options::units);

}  // namespace

}  // namespace mrda::media

using mrda::Errc;
using mrda::Result;
using namespace mrda::media;

int mrda_media_use_software_drivers(mrda_media_error* error) {
    return answer_if_asked(error, []() -> Result<int> {
        MRDA_TRY(mrda::use_software_drivers());
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_open(const mrda_media_options* options, mrda_media_context* context,
                    mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto known, as_known(options, kLeastOptionsBytes, "options"));
        MRDA_TRY(check_given(context, "context"));
        MRDA_ASSIGN(const auto wanted, options_of(known));
        MRDA_ASSIGN(auto made, Context::open(wanted));
        *context = handles().add(std::move(made));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_note(mrda_media_context context, uint32_t number, mrda_media_error* note,
                    mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(note, "note"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        if (number >= in->notes().size()) {
            return int{MRDA_MEDIA_END};
        }
        copy_text(note->message, in->notes()[number]);
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_device(mrda_media_context context, uint32_t index, mrda_device_info* info,
                      mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(info, "info"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        if (index >= in->devices().size()) {
            return int{MRDA_MEDIA_END};
        }
        MRDA_TRY(tell_as_known(info_of(*in->devices()[index]), info, "info"));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_place(mrda_media_context context, const mrda_media_units* units,
                     mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(units, "units"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        MRDA_TRY(in->place({text(units->plugin), text(units->unit), units->device, units->count}));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_unit(mrda_media_context context, uint32_t device, uint32_t index,
                    mrda_media_unit_info* info, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(info, "info"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        MRDA_TRY(in->device(device));
        const auto units = in->units(device);
        if (index >= units.size()) {
            return int{MRDA_MEDIA_END};
        }
        MRDA_TRY(tell_as_known(info_of(*units[index]), info, "info"));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_reserve(mrda_media_context context, const mrda_media_need* needs, uint32_t count,
                       int32_t device, int32_t bank, mrda_media_reservation* reservation,
                       mrda_media_place_info* place, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(needs, "needs"));
        MRDA_TRY(check_given(reservation, "reservation"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        std::vector<StageNeed> stages;
        for (std::uint32_t index = 0; index < count; ++index) {
            stages.push_back({static_cast<mrda_session_type>(needs[index].type),
                              text(needs[index].plugin), text(needs[index].codec),
                              text(needs[index].unit)});
        }
        MRDA_ASSIGN(auto made, in->reserve(stages, device, bank));
        if (place != nullptr) {
            MRDA_TRY(tell_as_known(info_of(*made), place, "place"));
        }
        *reservation = handles().add(std::move(made));
        return int{MRDA_MEDIA_OK};
    });
}
