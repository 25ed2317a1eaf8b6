// SPDX-License-Identifier: MIT
// Kernel sessions for any unit, on any device: native functions of this machine and Level Zero's
// kernels alike.
#include "mrda/media/plugin.h"

#include "session.h"
#include "shared/answer.h"

namespace mrda::plugins::kernel {

namespace {

int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        if (config->execution == nullptr) {
            return make_error(Errc::invalid_argument,
                              "a kernel session needs a compute unit; name one that is placed");
        }
        if (config->parameter_count != 0) {
            return make_error(Errc::invalid_argument,
                              std::string("parameter ") + config->parameters[0].name +
                                  " at a kernel's start; they are told by write");
        }
        static_cast<Data<Session>*>(data)->session = new Session(*config->execution);
        return int{MRDA_MEDIA_OK};
    });
}

int write(void* data, const mrda_parameter* parameters, std::uint32_t count,
          mrda_media_error* error) {
    return answer(error, [&] { return session_of<Session>(data).write({parameters, count}); });
}

int read(void* data, std::uint64_t timeout_ns, mrda_parameter* parameters, std::uint32_t count,
         mrda_media_error* error) {
    return answer(error, [&] {
        return session_of<Session>(data).read(timeout_ns, {parameters, count});
    });
}

void close(void* data) {
    delete static_cast<Data<Session>*>(data)->session;
}

constexpr mrda_session_kind kKernel{.size_bytes = sizeof(mrda_session_kind),
                                    .type = MRDA_SESSION_KERNEL,
                                    .session_bytes = sizeof(Data<Session>),
                                    .init = init,
                                    .close = close,
                                    .write = write,
                                    .read = read};
constexpr const mrda_session_kind* kKinds[] = {&kKernel, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "kernel",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::plugins::kernel

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::plugins::kernel::kPlugin;
}
