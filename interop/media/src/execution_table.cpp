// SPDX-License-Identifier: MIT
#include "execution_table.h"

#include <algorithm>

namespace mrda::media {

namespace {

UnitAccess& access_of(void* host) {
    return *static_cast<UnitAccess*>(host);
}

int status_of(const Result<void>& result, mrda_media_error* error) {
    return result.ok() ? int{MRDA_MEDIA_OK} : fail(result.error(), error);
}

int give(const Result<const mrda_buffer*>& made, const mrda_buffer** buffer,
         mrda_media_error* error) {
    if (!made.ok()) {
        return fail(made.error(), error);
    }
    *buffer = *made;
    return MRDA_MEDIA_OK;
}

int allocate(void* host, std::int32_t bank, std::uint64_t length_bytes, const mrda_buffer** buffer,
             mrda_media_error* error) {
    return give(access_of(host).allocate(bank, length_bytes), buffer, error);
}

int allocate_for(void* host, std::uint32_t argument, std::uint64_t length_bytes,
                 const mrda_buffer** buffer, mrda_media_error* error) {
    return give(access_of(host).allocate_for(argument, length_bytes), buffer, error);
}

int release(void* host, const mrda_buffer* buffer, mrda_media_error* error) {
    return status_of(access_of(host).release(buffer), error);
}

int read_buffer(void* host, const mrda_buffer* buffer, std::uint64_t offset_bytes, void* into,
                std::uint64_t length_bytes, mrda_media_error* error) {
    return status_of(
        access_of(host).read(buffer, offset_bytes, {static_cast<std::byte*>(into), length_bytes}),
        error);
}

int write_buffer(void* host, const mrda_buffer* buffer, std::uint64_t offset_bytes,
                 const void* from, std::uint64_t length_bytes, mrda_media_error* error) {
    return status_of(access_of(host).write(buffer, offset_bytes,
                                           {static_cast<const std::byte*>(from), length_bytes}),
                     error);
}

int lock(void* host, mrda_media_error* error) {
    return status_of(access_of(host).unit().lock(host), error);
}

int unlock(void* host, mrda_media_error* error) {
    return status_of(access_of(host).unit().unlock(host), error);
}

int write_registers(void* host, std::uint32_t offset_bytes, const void* from,
                    std::uint32_t length_bytes, mrda_media_error* error) {
    return status_of(access_of(host).unit().write(
                         host, offset_bytes, {static_cast<const std::byte*>(from), length_bytes}),
                     error);
}

int read_registers(void* host, std::uint32_t offset_bytes, void* into, std::uint32_t length_bytes,
                   mrda_media_error* error) {
    return status_of(access_of(host).unit().read(host, offset_bytes,
                                                 {static_cast<std::byte*>(into), length_bytes}),
                     error);
}

int write_buffer_argument(void* host, std::uint32_t argument, const mrda_buffer* buffer,
                          mrda_media_error* error) {
    return status_of(access_of(host).write_buffer_argument(argument, buffer), error);
}

int schedule(void* host, std::uint64_t* item, mrda_media_error* error) {
    const auto scheduled = access_of(host).schedule();
    if (!scheduled.ok()) {
        return fail(scheduled.error(), error);
    }
    *item = scheduled->value_or(0);
    return scheduled->has_value() ? MRDA_MEDIA_OK : MRDA_MEDIA_TRY_AGAIN;
}

int wait(void* host, std::uint64_t item, std::uint64_t timeout_ns, std::int32_t* return_code,
         void* registers, mrda_media_error* error) {
    const auto waited = access_of(host).wait(item, timeout_ns);
    if (!waited.ok()) {
        return fail(waited.error(), error);
    }
    if (!waited->has_value()) {
        return MRDA_MEDIA_TRY_AGAIN;
    }
    const WorkDone& work = **waited;
    if (!work.return_code.ok()) {
        return fail(work.return_code.error(), error);
    }
    *return_code = *work.return_code;
    if (registers != nullptr) {
        std::copy(work.registers.begin(), work.registers.end(), static_cast<std::byte*>(registers));
    }
    return MRDA_MEDIA_OK;
}

}  // namespace

mrda_execution execution_table(UnitAccess& access) {
    mrda_execution table{};
    table.size_bytes = sizeof table;
    table.host = &access;
    table.allocate = allocate;
    table.allocate_for = allocate_for;
    table.release = release;
    table.read_buffer = read_buffer;
    table.write_buffer = write_buffer;
    table.lock = lock;
    table.unlock = unlock;
    table.write_registers = write_registers;
    table.read_registers = read_registers;
    table.write_buffer_argument = write_buffer_argument;
    table.schedule = schedule;
    table.wait = wait;
    return table;
}

}  // namespace mrda::media
