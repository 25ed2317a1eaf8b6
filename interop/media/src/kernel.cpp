// SPDX-License-Identifier: MIT
#include "mrda/media/kernel.h"

#include <utility>

namespace mrda::media {

Result<std::unique_ptr<Kernel>> Kernel::open(Context& context, const KernelProperties& properties) {
    MRDA_ASSIGN(const auto plugin, context.plugin(properties.plugin));
    MRDA_ASSIGN(const mrda_session_kind* const kind, plugin->find(MRDA_SESSION_KERNEL, ""));
    const bool own = properties.unit_name.empty() && kind->unit != nullptr;
    const Reservation* const place = properties.reservation.get();
    const UnitChoice choice{.device = properties.device < 0 && place != nullptr
                                          ? static_cast<std::int32_t>(place->device())
                                          : properties.device,
                            .index = properties.unit,
                            .name = own ? kind->unit : properties.unit_name,
                            .plugin = own ? properties.plugin : "",
                            .reservation = properties.reservation};
    const std::int32_t bank = properties.bank < 0 && place != nullptr
                                  ? static_cast<std::int32_t>(place->bank())
                                  : properties.bank;
    MRDA_ASSIGN(auto access, context.use_unit(choice, bank, properties.channel));
    const auto parameters = to_media(properties.parameters);
    mrda_session_config config{};
    config.parameters = parameters.data();
    config.parameter_count = static_cast<std::uint32_t>(parameters.size());
    config.channel = properties.channel;
    config.execution = &access->table();
    MRDA_ASSIGN(auto session, Session::open(plugin, MRDA_SESSION_KERNEL, config));
    return std::unique_ptr<Kernel>(new Kernel(std::move(access), std::move(session)));
}

void Kernel::forget(std::span<const std::uint64_t> buffers) {
    for (const std::uint64_t id : buffers) {
        access_->forget(id);
    }
}

Result<bool> Kernel::write(std::span<const Parameter> parameters) {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> buffers;
    for (const Parameter& parameter : parameters) {
        const auto* const buffer = std::get_if<std::shared_ptr<const Buffer>>(&parameter.value);
        if (buffer != nullptr && *buffer != nullptr) {
            access_->lend(*buffer);
            buffers.push_back((*buffer)->view().id);
        }
    }
    const auto written = session_.write(to_media(parameters));
    if (written.ok() && *written) {
        lent_.push_back(std::move(buffers));
    } else {
        forget(buffers);
    }
    return written;
}

Result<Status> Kernel::read(std::uint64_t timeout_ns, std::span<mrda_parameter> parameters) {
    for (const mrda_parameter& parameter : parameters) {
        if (parameter.name == nullptr || parameter.type == MRDA_PARAMETER_BUFFER) {
            return make_error(
                Errc::invalid_argument,
                "a result without a name, or a buffer: results are numbers and texts");
        }
    }
    const std::lock_guard lock(mutex_);
    const auto read = session_.read(timeout_ns, parameters);
    // plugin.h: with any other error the work has failed, and is over.
    const bool told = read.ok() ? *read == Status::ok : read.error().code != Errc::invalid_argument;
    if (told && !lent_.empty()) {
        forget(lent_.front());
        lent_.pop_front();
    }
    return read;
}

}  // namespace mrda::media
