// SPDX-License-Identifier: MIT
#include "session.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "registers.h"

namespace mrda::plugins::kernel {

namespace {

constexpr std::string_view kReturnCode = "return_code";
constexpr std::string_view kInstances = "instances";

/// What the host said; its statuses are errors of its own making.
Result<void> heard(int status, const mrda_media_error& error) {
    if (status >= MRDA_MEDIA_OK) {
        return {};
    }
    return make_error(static_cast<Errc>(-1 - status), error.message);
}

/// However the scope is left.
class Unlocking {
  public:
    explicit Unlocking(const mrda_execution& execution) : execution_(execution) {}
    ~Unlocking() {
        mrda_media_error ignored;  // That it has no lock, which it has.
        execution_.unlock(execution_.host, &ignored);
    }
    Unlocking(const Unlocking&) = delete;
    Unlocking& operator=(const Unlocking&) = delete;

  private:
    const mrda_execution& execution_;
};

}  // namespace

Result<std::size_t> Session::argument(std::string_view name) const {
    std::string all;
    for (std::size_t index = 0; index < arguments().size(); ++index) {
        if (name == arguments()[index].name) {
            return index;
        }
        all += std::string(all.empty() ? "" : ", ") + arguments()[index].name;
    }
    return make_error(Errc::invalid_argument, "no argument \"" + std::string(name) + "\" of unit " +
                                                  execution_.kind->name + ", which has " +
                                                  (all.empty() ? "none" : all));
}

Result<std::vector<const mrda_buffer*>> Session::take(std::span<const mrda_parameter> parameters) {
    std::vector<const mrda_buffer*> buffers(arguments().size(), nullptr);
    std::vector<std::byte> values = values_;
    for (const mrda_parameter& parameter : parameters) {
        const std::uint32_t size_offset = execution_.kind->global_size_offset;
        if (parameter.name == kInstances && size_offset != MRDA_NO_REGISTER) {
            MRDA_TRY(put(parameter,
                         {"instances", MRDA_ARGUMENT_VALUE, size_offset, sizeof(std::uint32_t), -1},
                         values));
            continue;
        }
        MRDA_ASSIGN(const std::size_t index, argument(parameter.name));
        if (arguments()[index].kind != MRDA_ARGUMENT_BUFFER) {
            MRDA_TRY(put(parameter, arguments()[index], values));
        } else if (parameter.type == MRDA_PARAMETER_BUFFER && parameter.value.buffer != nullptr) {
            buffers[index] = parameter.value.buffer;
        }
    }
    for (std::size_t index = 0; index < buffers.size(); ++index) {
        if (arguments()[index].kind == MRDA_ARGUMENT_BUFFER && buffers[index] == nullptr) {
            return make_error(Errc::invalid_argument, std::string("no buffer for argument ") +
                                                          arguments()[index].name + " of unit " +
                                                          execution_.kind->name +
                                                          "; buffers are told with each work item");
        }
    }
    values_ = std::move(values);
    return buffers;
}

Result<int> Session::write(std::span<const mrda_parameter> parameters) {
    MRDA_ASSIGN(const auto buffers, take(parameters));
    mrda_media_error error;
    MRDA_TRY(heard(execution_.lock(execution_.host, &error), error));
    const Unlocking unlocking(execution_);
    return schedule_locked(buffers);
}

Result<int> Session::schedule_locked(std::span<const mrda_buffer* const> buffers) {
    mrda_media_error error;
    // All of it: another session's words stand in it.
    MRDA_TRY(heard(execution_.write_registers(execution_.host, 0, values_.data(),
                                              static_cast<std::uint32_t>(values_.size()), &error),
                   error));
    for (std::uint32_t index = 0; index < buffers.size(); ++index) {
        if (buffers[index] != nullptr) {
            MRDA_TRY(heard(
                execution_.write_buffer_argument(execution_.host, index, buffers[index], &error),
                error));
        }
    }
    std::uint64_t item = 0;
    const int status = execution_.schedule(execution_.host, &item, &error);
    MRDA_TRY(heard(status, error));
    if (status == MRDA_MEDIA_OK) {
        items_.push_back(item);
    }
    return int{status};
}

Result<void> Session::check_results(std::span<const mrda_parameter> parameters) const {
    for (mrda_parameter parameter : parameters) {
        if (parameter.name != kReturnCode) {
            MRDA_ASSIGN(const std::size_t index, argument(parameter.name));
            MRDA_TRY(get(values_, arguments()[index], parameter));
        } else if (parameter.type != MRDA_PARAMETER_INTEGER) {
            return make_error(Errc::invalid_argument, "return_code is an integer");
        }
    }
    return {};
}

Result<int> Session::read(std::uint64_t timeout_ns, std::span<mrda_parameter> parameters) {
    // All that can be wrong with them, before the work is over for who asks wrongly.
    MRDA_TRY(check_results(parameters));
    if (items_.empty()) {
        return int{MRDA_MEDIA_SEND_MORE};
    }
    mrda_media_error error;
    std::int32_t return_code = 0;
    std::vector<std::byte> registers(values_.size());
    const int status = execution_.wait(execution_.host, items_.front(), timeout_ns, &return_code,
                                       registers.data(), &error);
    if (status == MRDA_MEDIA_TRY_AGAIN) {
        return int{MRDA_MEDIA_TRY_AGAIN};
    }
    items_.pop_front();
    MRDA_TRY(heard(status, error));
    bool code_wanted = false;
    for (mrda_parameter& parameter : parameters) {
        if (parameter.name == kReturnCode) {
            parameter.value.integer = return_code;
            code_wanted = true;
        } else {
            MRDA_ASSIGN(const std::size_t index, argument(parameter.name));
            MRDA_TRY(get(registers, arguments()[index], parameter));
        }
    }
    if (return_code != 0 && !code_wanted) {
        return make_error(Errc::io, std::string("unit ") + execution_.kind->name + " returned " +
                                        std::to_string(return_code));
    }
    return int{MRDA_MEDIA_OK};
}

}  // namespace mrda::plugins::kernel
