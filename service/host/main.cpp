// SPDX-License-Identifier: MIT
#include <cstdio>

#include "config.h"
#include "log.h"
#include "mrda/interop/exit_code.h"
#include "server.h"

namespace {

int fail(const mrda::Error& error) {
    std::fprintf(stderr, "mrda-service: %s\n", to_string(error).c_str());
    return mrda::exit_code_of(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    const auto config = mrda::service::parse_command_line(argc, argv);
    if (!config.ok() && config.error().code == mrda::Errc::end_of_stream) {
        std::fputs(config.error().message.c_str(), stdout);
        return 0;
    }
    if (!config.ok()) {
        return fail(config.error());
    }
    mrda::service::Log::set_json(config->json_log);
    const auto server = mrda::service::Server::create(*config);
    if (!server.ok()) {
        return fail(server.error());
    }
    const auto ran = (*server)->run();
    return ran.ok() ? 0 : fail(ran.error());
}
