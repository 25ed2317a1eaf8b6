// SPDX-License-Identifier: MIT
#include "execution_table.h"

#include <algorithm>

#include "mrda/media/answer.h"

namespace mrda::media {

namespace {

UnitAccess& access_of(void* host) {
    return *static_cast<UnitAccess*>(host);
}

/// What `call` did, where it can only succeed or fail. No exception passes through a plugin.
template <typename Call>
int done(mrda_media_error* error, const Call& call) noexcept {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(call());
        return int{MRDA_MEDIA_OK};
    });
}

int allocate(void* host, std::int32_t bank, std::uint64_t length_bytes, const mrda_buffer** buffer,
             mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        MRDA_ASSIGN(*buffer, access_of(host).allocate(bank, length_bytes));
        return {};
    });
}

int allocate_for(void* host, std::uint32_t argument, std::uint64_t length_bytes,
                 const mrda_buffer** buffer, mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        MRDA_ASSIGN(*buffer, access_of(host).allocate_for(argument, length_bytes));
        return {};
    });
}

int release(void* host, const mrda_buffer* buffer, mrda_media_error* error) {
    return done(error, [&] { return access_of(host).release(buffer); });
}

int read_buffer(void* host, const mrda_buffer* buffer, std::uint64_t offset_bytes, void* into,
                std::uint64_t length_bytes, mrda_media_error* error) {
    return done(error, [&] {
        return access_of(host).read(buffer, offset_bytes,
                                    {static_cast<std::byte*>(into), length_bytes});
    });
}

int write_buffer(void* host, const mrda_buffer* buffer, std::uint64_t offset_bytes,
                 const void* from, std::uint64_t length_bytes, mrda_media_error* error) {
    return done(error, [&] {
        return access_of(host).write(buffer, offset_bytes,
                                     {static_cast<const std::byte*>(from), length_bytes});
    });
}

int lock(void* host, mrda_media_error* error) {
    return done(error, [&] { return access_of(host).unit().lock(host); });
}

int unlock(void* host, mrda_media_error* error) {
    return done(error, [&] { return access_of(host).unit().unlock(host); });
}

int write_registers(void* host, std::uint32_t offset_bytes, const void* from,
                    std::uint32_t length_bytes, mrda_media_error* error) {
    return done(error, [&] {
        return access_of(host).unit().write(host, offset_bytes,
                                            {static_cast<const std::byte*>(from), length_bytes});
    });
}

int read_registers(void* host, std::uint32_t offset_bytes, void* into, std::uint32_t length_bytes,
                   mrda_media_error* error) {
    return done(error, [&] {
        return access_of(host).unit().read(host, offset_bytes,
                                           {static_cast<std::byte*>(into), length_bytes});
    });
}

int write_buffer_argument(void* host, std::uint32_t argument, const mrda_buffer* buffer,
                          mrda_media_error* error) {
    return done(error, [&] { return access_of(host).write_buffer_argument(argument, buffer); });
}

int schedule(void* host, std::uint64_t* item, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto scheduled, access_of(host).schedule());
        *item = scheduled.value_or(0);
        return scheduled ? int{MRDA_MEDIA_OK} : int{MRDA_MEDIA_TRY_AGAIN};
    });
}

int wait(void* host, std::uint64_t item, std::uint64_t timeout_ns, std::int32_t* return_code,
         void* registers, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto work, access_of(host).wait(item, timeout_ns));
        if (!work) {
            return int{MRDA_MEDIA_TRY_AGAIN};
        }
        MRDA_ASSIGN(*return_code, Result<std::int32_t>(work->return_code));
        if (registers != nullptr) {
            std::copy(work->registers.begin(), work->registers.end(),
                      static_cast<std::byte*>(registers));
        }
        return int{MRDA_MEDIA_OK};
    });
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
