// SPDX-License-Identifier: MIT
// mrdactl: what an operator says to a service, and asks of a machine.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "admin_client.h"
#include "doctor.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/version.h"
#include "plugins.h"
#include "print.h"
#include "region_size.h"
#include "runtime_dir.h"
#include "text.h"
#include "vm_devices.h"
#include "vm_run.h"

namespace {

using mrda::Errc;
using mrda::Result;
using mrda::ctl::AdminClient;

struct Options {
    mrda::ctl::Printer printer;
    std::string runtime_dir;
    std::string size;
    std::string format = "NV12";
    std::uint32_t frames = 8;
    std::string vm;
    std::string in_device;
    std::string out_device;
    std::uint64_t memory_bytes = 0;
    std::uint64_t out_memory_bytes = 0;
    std::uint32_t devices = 0;
    std::uint32_t vectors = 0;
    std::string qemu_user;
    mrda::ctl::Slots slots;
    bool plain = false;
    std::vector<std::string> command;
    std::uint32_t max_sessions = 0;
    std::uint32_t max_creates_per_second = 0;
    std::uint64_t max_pixels_per_second = 0;
    std::uint64_t session = 0;
    unsigned rounds = 0;
    bool look_again = false;
    bool local = false;
    std::vector<std::string> plugin_dirs;
};

using Command = std::function<Result<int>(const Options&)>;

void say(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

Result<std::string> runtime_dir_of(const Options& options) {
    return options.runtime_dir.empty() ? mrda::runtime_dir() : options.runtime_dir;
}

Result<AdminClient> client_of(const Options& options) {
    MRDA_ASSIGN(const std::string dir, runtime_dir_of(options));
    return AdminClient::open(dir);
}

Result<int> doctor(const Options& options) {
    const auto findings = mrda::ctl::examine(options.runtime_dir);
    say(options.printer.findings(findings));
    // The one thing without which nothing goes.
    const bool chain = std::any_of(findings.begin(), findings.end(), [](const auto& finding) {
        return finding.what.rfind("chain", 0) == 0 &&
               finding.verdict == mrda::ctl::Finding::Verdict::works;
    });
    return chain ? 0 : mrda::kExitFailed;
}

Result<int> size(const Options& options) {
    MRDA_ASSIGN(const auto found,
                mrda::ctl::region_size(options.size, options.format, options.frames));
    say(options.printer.size(found));
    return 0;
}

Result<int> add_vm(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    mrda::v1::Vm vm;
    vm.set_name(options.vm);
    vm.set_in_device_path(options.in_device);
    vm.set_out_device_path(options.out_device);
    vm.set_memory_bytes(options.memory_bytes);
    vm.set_out_memory_bytes(options.out_memory_bytes);
    vm.set_devices(options.devices);
    vm.set_vectors(options.vectors);
    vm.set_qemu_user(options.qemu_user);
    vm.set_max_sessions(options.max_sessions);
    vm.set_max_creates_per_second(options.max_creates_per_second);
    vm.set_max_pixels_per_second(options.max_pixels_per_second);
    MRDA_ASSIGN(const auto reply, client.add_vm(vm));
    MRDA_ASSIGN(const std::string dir, runtime_dir_of(options));
    say(options.printer.vm_added(options.vm, reply, dir));
    return 0;
}

Result<int> list_vms(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_ASSIGN(const auto reply, client.list_vms());
    say(options.printer.vms(reply));
    return 0;
}

Result<mrda::v1::Vm> find_vm(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_ASSIGN(const auto reply, client.list_vms());
    for (const mrda::v1::Vm& vm : reply.vms()) {
        if (vm.name() == options.vm) {
            return vm;
        }
    }
    return make_error(Errc::not_found, "no VM \"" + options.vm + "\"; mrdactl vm list names all");
}

Result<int> show_vm(const Options& options) {
    MRDA_ASSIGN(const mrda::v1::Vm vm, find_vm(options));
    MRDA_ASSIGN(const auto devices, mrda::ctl::devices_of(vm, options.slots));
    say(options.printer.vm(vm, devices));
    return 0;
}

Result<int> run_vm(const Options& options) {
    MRDA_ASSIGN(const std::string dir, runtime_dir_of(options));
    MRDA_ASSIGN(const mrda::v1::Vm vm, find_vm(options));
    MRDA_ASSIGN(const auto devices, mrda::ctl::devices_of(vm, options.slots));
    if (devices.empty()) {
        return make_error(Errc::invalid_argument, "VM " + options.vm +
                                                      " has no device for a machine; give it one: "
                                                      "mrdactl vm add " +
                                                      options.vm +
                                                      " --devices 1, beside what else it is "
                                                      "to have");
    }
    return mrda::ctl::run_vm(devices, options.plain, dir, options.command);
}

Result<int> remove_vm(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_ASSIGN(const auto reply, client.remove_vm(options.vm));
    say(options.printer.vm_removed(options.vm, reply));
    return 0;
}

Result<int> sessions(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_ASSIGN(const auto reply, client.list_sessions());
    say(options.printer.sessions(reply));
    return 0;
}

Result<int> stop(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_TRY(client.stop_session(options.session));
    return 0;
}

Result<int> resources(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_ASSIGN(const auto reply, client.resources());
    say(options.printer.resources(reply));
    return 0;
}

Result<int> plugins(const Options& options) {
    if (options.local || !options.plugin_dirs.empty()) {
        MRDA_ASSIGN(const auto found, mrda::ctl::look_at_plugins(options.plugin_dirs));
        say(options.printer.plugins(found, false));
        return 0;
    }
    MRDA_ASSIGN(AdminClient client, client_of(options));
    MRDA_ASSIGN(const auto reply, client.list_plugins(options.look_again));
    say(options.printer.plugins(reply, true));
    return 0;
}

Result<int> top(const Options& options) {
    MRDA_ASSIGN(AdminClient client, client_of(options));
    const bool clear = ::isatty(STDOUT_FILENO) != 0 && !options.printer.json;
    for (unsigned round = 0; options.rounds == 0 || round < options.rounds; ++round) {
        if (round > 0) {
            std::this_thread::sleep_for(std::chrono::seconds(1));  // The rhythm of the display.
        }
        MRDA_ASSIGN(const auto used, client.resources());
        MRDA_ASSIGN(const auto listed, client.list_sessions());
        say((clear ? "\033[H\033[2J" : "") + options.printer.resources(used) + "\n" +
            options.printer.sessions(listed));
    }
    return 0;
}

CLI::Validator size_value() {
    return {[](std::string& text) -> std::string {
                const auto size = mrda::ctl::parse_size(text);
                if (!size || *size == 0) {
                    return "\"" + text +
                           "\" is no size; give a number from 1 on, with K, M, G or T: 64M";
                }
                text = std::to_string(*size);
                return {};
            },
            "SIZE"};
}

/// Every command in one place; `chosen` is set to the one that the user named.
void add_commands(CLI::App& app, Options& options, Command& chosen) {
    const auto command = [&chosen](CLI::App& parent, const char* name, const char* text,
                                   Result<int> (*run)(const Options&)) {
        CLI::App* const added = parent.add_subcommand(name, text);
        added->callback([&chosen, run] { chosen = run; });
        return added;
    };
    command(app, "doctor", "what of the zero-copy path works here, and what to do about the rest",
            doctor);
    auto* const sized = command(app, "size", "how large a session's shared memory is", size);
    sized->add_option("SIZE", options.size, "1920x1080")->required();
    sized->add_option("FORMAT", options.format, "NV12, BGRA, P010, ...")->required();
    sized->add_option("FRAMES", options.frames, "slots in each direction")->required();

    CLI::App* const vm = app.add_subcommand("vm", "who may use the service");
    vm->require_subcommand(1);
    auto* const added =
        command(*vm, "add",
                "adds a VM, or configures one that is there anew: what is not named is the default",
                add_vm);
    added->add_option("NAME", options.vm)->required();
    added->add_option("--in-device", options.in_device, "a file that holds its input slots");
    added->add_option("--out-device", options.out_device, "a file that holds its output slots");
    added
        ->add_option("--memory", options.memory_bytes,
                     "bytes of its shared memory; a file that is there keeps its size")
        ->transform(size_value());
    added
        ->add_option("--out-memory", options.out_memory_bytes,
                     "bytes of its out device; without it, as --memory")
        ->transform(size_value());
    auto* const devices =
        added->add_option("--devices", options.devices,
                          "instead of files: 1 IVSHMEM device with doorbells, or 2, in and out");
    added->add_option("--vectors", options.vectors, "interrupts of each device; without it, 16");
    added
        ->add_option("--qemu-user", options.qemu_user,
                     "who runs its machine; without it, the service's user")
        ->needs(devices);
    added->add_option("--max-sessions", options.max_sessions, "at once; without it, 16");
    added->add_option("--max-creates-per-second", options.max_creates_per_second,
                      "sessions made; without it, 20");
    added->add_option("--max-pixels-per-second", options.max_pixels_per_second,
                      "of all its sessions; without it, as many as a GPU takes");
    command(*vm, "list", "all VMs", list_vms);
    auto* const shown =
        command(*vm, "show", "a VM's devices, and how QEMU and libvirt are given them", show_vm);
    auto* const run =
        command(*vm, "run", "runs a QEMU that has the VM's devices: NAME -- qemu-system-x86_64 ...",
                run_vm);
    for (CLI::App* const either : {shown, run}) {
        either->add_option("NAME", options.vm)->required();
        either->add_option("--in-slot", options.slots.in,
                           "the PCI slot of its first device; else 0x10");
        either->add_option("--out-slot", options.slots.out, "of its second one; else 0x11");
    }
    run->add_flag("--plain", options.plain, "memory alone: nothing rings, no socket is needed");
    run->add_option("COMMAND", options.command, "QEMU and its own arguments, after --")->required();
    command(*vm, "remove", "removes a VM and its token, and stops its sessions", remove_vm)
        ->add_option("NAME", options.vm)
        ->required();

    command(app, "sessions", "all sessions", sessions);
    command(app, "stop", "stops a session", stop)->add_option("ID", options.session)->required();
    auto* const listed =
        command(app, "plugins", "what plugins there are, and what runs on them", plugins);
    listed->add_flag("--look-again", options.look_again, "also where no file has changed");
    listed->add_flag("--local", options.local, "asks no service: MRDA's own folder");
    listed
        ->add_option("--plugin-dir", options.plugin_dirs,
                     "asks no service: this folder; may be repeated")
        ->allow_extra_args(false);
    command(app, "resources", "what the machine has left", resources);
    command(app, "top", "sessions and resources, once a second", top)
        ->add_option("--rounds", options.rounds, "how often; 0: until interrupted");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    Command chosen;
    CLI::App app("Administers a mrda-service of this user, and looks at this machine.", "mrdactl");
    app.add_flag("--json", options.printer.json, "for programs");
    app.add_option("--runtime-dir", options.runtime_dir, "the service's");
    app.set_version_flag("--version", std::string("mrdactl ") + mrda::version());
    app.require_subcommand(1);
    app.fallthrough();
    add_commands(app, options, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? 0 : mrda::kExitUsage;
    }
    const auto done = chosen(options);
    if (!done.ok()) {
        std::fprintf(stderr, "mrdactl: %s\n", to_string(done.error()).c_str());
        return mrda::exit_code_of(done.error().code);
    }
    return *done;
}
