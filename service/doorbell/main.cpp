// SPDX-License-Identifier: MIT
// mrda-doorbell: keeps what virtual machines have of the service while the service restarts.
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "background.h"
#include "holder.h"
#include "log.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/version.h"
#include "private_dir.h"
#include "process.h"
#include "runtime_dir.h"

namespace {

using mrda::Errc;
using mrda::Fd;
using mrda::Result;
using mrda::service::EventLoop;
using mrda::service::Holder;
using mrda::service::Log;

constexpr std::uint64_t kMostLogBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kBetweenLogLooksNs = 60'000'000'000;

struct Options {
    Holder::Settings settings;
    std::uint64_t linger_ms = 60'000;
    bool background = false;
    std::string log_format = "text";
};

int fail(const mrda::Error& error) {
    std::fprintf(stderr, "mrda-doorbell: %s\n", to_string(error).c_str());
    return mrda::exit_code_of(error.code);
}

void add_options(CLI::App& app, Options& options) {
    app.set_version_flag("--version", std::string("mrda-doorbell ") + mrda::version());
    app.add_option("--runtime-dir", options.settings.runtime_dir, "the service's");
    app.add_option("--socket-dir", options.settings.socket_dir,
                   "where QEMU finds the regions' sockets; without it, vm in the runtime folder");
    app.add_option("--linger-ms", options.linger_ms,
                   "how long to wait for a service that died, if no machine is connected")
        ->check(CLI::Range(1, 86'400'000));
    app.add_flag("--stay", options.settings.stay, "do not end where nobody needs it");
    app.add_flag("--background", options.background,
                 "return once it listens; its log is doorbell.log in the runtime folder");
    app.add_option("--log-format", options.log_format)->check(CLI::IsMember({"text", "json"}));
}

/// Paths that stay right wherever the process goes.
Result<void> settle(Options& options) {
    auto& [runtime_dir, socket_dir, linger_ns, stay] = options.settings;
    if (runtime_dir.empty()) {
        MRDA_ASSIGN(runtime_dir, mrda::runtime_dir());
    }
    socket_dir = socket_dir.empty() ? runtime_dir + "/vm" : socket_dir;
    // Now: it may go elsewhere.
    MRDA_ASSIGN(runtime_dir, mrda::service::absolute_dir(runtime_dir));
    MRDA_ASSIGN(socket_dir, mrda::service::absolute_dir(socket_dir));
    linger_ns = options.linger_ms * 1'000'000;
    return {};
}

void keep_log_short(EventLoop& loop) {
    if (const auto done = mrda::service::shorten_log(STDERR_FILENO, kMostLogBytes); !done.ok()) {
        Log::warn("log", {{"why", to_string(done.error())}});
    }
    loop.after(kBetweenLogLooksNs, [&loop] { keep_log_short(loop); });
}

Result<void> run(Options options) {
    MRDA_TRY(settle(options));
    std::optional<mrda::service::Background> background;
    if (options.background) {
        ::closefrom(STDERR_FILENO + 1);  // What who started it has left open.
        MRDA_ASSIGN(background, mrda::service::Background::enter());
    }
    MRDA_ASSIGN(const Fd signals, mrda::service::take_signals());
    ::signal(SIGHUP, SIG_IGN);  // Its terminal may close.
    MRDA_ASSIGN(const auto loop, EventLoop::create());
    MRDA_TRY(loop->watch(signals.get(), [&loop] { loop->stop(); }));
    const std::string log_path = options.settings.runtime_dir + "/doorbell.log";
    MRDA_ASSIGN(const auto holder, Holder::listen(*loop, std::move(options.settings)));
    if (background) {
        MRDA_TRY(background->ready(log_path));
        keep_log_short(*loop);
    }
    Log::info("listening");
    ::sd_notify(0, "READY=1");
    loop->run();
    Log::info("ended");
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Keeps virtual machines' shared memory and doorbells while mrda-service restarts.",
                 "mrda-doorbell");
    add_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? 0 : mrda::kExitUsage;
    }
    ::umask(077);
    Log::set_json(options.log_format == "json");
    // Each region takes up to 130, which QEMU, too, has not received until it reads them.
    mrda::service::raise_descriptor_limit();
    const auto ran = run(std::move(options));
    return ran.ok() ? 0 : fail(ran.error());
}
