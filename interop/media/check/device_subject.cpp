// SPDX-License-Identifier: MIT
#include "device_subject.h"

#include <cstring>

#include "subject.h"

namespace mrda::check {

namespace {

template <typename Call>
Answer answer_of(Call call) {
    mrda_media_error error;
    std::memset(error.message, 0, sizeof error.message);
    Answer answer;
    answer.status = call(&error);
    answer.words.assign(error.message, ::strnlen(error.message, sizeof error.message));
    return answer;
}

}  // namespace

Fault check_done(const std::string& call, const Answer& answer) {
    return answer.ok() ? Fault()
                       : call + " gives " + status_text(answer.status) + ": " + answer.words;
}

Answer count_devices(const mrda_device_kind& kind, std::uint32_t& count) {
    return answer_of([&](mrda_media_error* error) { return kind.count(&count, error); });
}

DeviceSubject::DeviceSubject(const mrda_device_kind& kind) : kind_(kind) {
    info_.size_bytes = sizeof info_;
}

DeviceSubject::~DeviceSubject() {
    if (open_) {
        kind_.close(handle_);
    }
}

Answer DeviceSubject::open(std::uint32_t index) {
    Answer answer = answer_of(
        [&](mrda_media_error* error) { return kind_.open(index, &info_, &handle_, error); });
    open_ = answer.ok();
    return answer;
}

Answer DeviceSubject::load(const mrda_unit_kind& unit) {
    void* loaded = nullptr;
    Answer answer = answer_of(
        [&](mrda_media_error* error) { return kind_.load(handle_, &unit, &loaded, error); });
    if (answer.ok()) {
        kind_.unload(handle_, loaded);
    }
    return answer;
}

MemorySubject::~MemorySubject() {
    if (allocated_) {
        device_.kind().release(device_.handle(), memory_);
    }
}

Answer MemorySubject::allocate(std::uint32_t bank, std::uint64_t length_bytes) {
    view_.size_bytes = sizeof view_;
    view_.fd = -1;
    Answer answer = answer_of([&](mrda_media_error* error) {
        return device_.kind().allocate(device_.handle(), bank, length_bytes, &view_, &memory_,
                                       error);
    });
    allocated_ = answer.ok();
    return answer;
}

Answer MemorySubject::copy_in(std::uint64_t offset_bytes, std::span<const std::byte> from) {
    return answer_of([&](mrda_media_error* error) {
        return device_.kind().copy_in(device_.handle(), memory_, offset_bytes, from.data(),
                                      from.size(), error);
    });
}

Answer MemorySubject::copy_out(std::uint64_t offset_bytes, std::span<std::byte> into) {
    return answer_of([&](mrda_media_error* error) {
        return device_.kind().copy_out(device_.handle(), memory_, offset_bytes, into.data(),
                                       into.size(), error);
    });
}

}  // namespace mrda::check
