// SPDX-License-Identifier: MIT
#include "vm_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "holder_connection.h"
#include "mrda/interop/fd.h"

namespace mrda::ctl {

namespace {

using service::DoorbellRequest;
using service::HolderConnection;

constexpr std::uint64_t kPatienceNs = 5'000'000'000;

/// The memory of one device, and the sign of life: both go to who comes after exec.
struct Claim {
    Fd memory;
    Fd connection;
};

Result<void> inherit(int fd) {
    if (::fcntl(fd, F_SETFD, 0) != 0) {
        return os_error("fcntl(F_SETFD)", errno, "cannot hand a descriptor to QEMU");
    }
    return {};
}

Result<Claim> claim(const VmDevice& device, const std::string& runtime_dir) {
    MRDA_ASSIGN(HolderConnection connection, HolderConnection::open(runtime_dir));
    MRDA_ASSIGN(auto answer,
                connection.ask({.kind = DoorbellRequest::Kind::claim, .region = device.told.name()},
                               kPatienceNs));
    if (answer.descriptors.size() != 1) {
        return make_error(Errc::corrupt, "region " + device.told.name() + " came without memory");
    }
    Claim claimed{std::move(answer.descriptors[0]), std::move(connection).release()};
    MRDA_TRY(inherit(claimed.memory.get()));
    MRDA_TRY(inherit(claimed.connection.get()));
    return claimed;
}

/// The holder itself, as the service hears of a machine that has just ended a little later.
Result<service::Machine> machine_of(const VmDevice& device, const std::string& runtime_dir) {
    MRDA_ASSIGN(HolderConnection connection, HolderConnection::open(runtime_dir));
    MRDA_ASSIGN(const auto answer,
                connection.ask({.kind = DoorbellRequest::Kind::look, .region = device.told.name()},
                               kPatienceNs));
    return answer.reply.machine;
}

Result<void> check_free(const VmDevice& device, const std::string& runtime_dir) {
    const v1::MachineState state = device.told.machine();
    if (state != v1::MACHINE_STATE_DOORBELL && state != v1::MACHINE_STATE_PLAIN) {
        return {};
    }
    const auto machine = machine_of(device, runtime_dir);
    if (!machine.ok() && machine.error().code == Errc::unsupported) {
        return {};  // An older holder: it refuses the second machine itself.
    }
    if (!machine.ok()) {
        Error error = machine.error();
        error.message = "the service says that a machine has region " + device.told.name() +
                        ", and mrda-doorbell cannot be asked: " + error.message;
        return error;
    }
    if (*machine != service::Machine::none) {
        return make_error(Errc::busy, "a machine has region " + device.told.name() +
                                          " already, and two cannot share it; shut that one down");
    }
    return {};
}

/// Appends what each device needs. `claims` must live until exec.
Result<void> add_devices(const std::vector<VmDevice>& devices, bool plain,
                         const std::string& runtime_dir, std::vector<Claim>& claims,
                         std::vector<std::string>& command) {
    for (const VmDevice& device : devices) {
        MRDA_TRY(check_free(device, runtime_dir));
        std::vector<std::string> arguments;
        if (device.is_file()) {
            arguments = plain_arguments(device, device.told.path());
        } else if (plain) {
            MRDA_ASSIGN(Claim claimed, claim(device, runtime_dir));
            // QEMU takes memory by path only, and opens this one anew.
            arguments =
                plain_arguments(device, "/proc/self/fd/" + std::to_string(claimed.memory.get()));
            claims.push_back(std::move(claimed));
        } else {
            arguments = doorbell_arguments(device);
        }
        command.insert(command.end(), arguments.begin(), arguments.end());
    }
    return {};
}

}  // namespace

Error run_vm(const std::vector<VmDevice>& devices, bool plain, const std::string& runtime_dir,
             std::vector<std::string> command) {
    std::vector<Claim> claims;
    if (auto added = add_devices(devices, plain, runtime_dir, claims, command); !added.ok()) {
        return std::move(added).error();
    }
    std::vector<char*> arguments;
    for (std::string& argument : command) {
        arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    return os_error("execvp", errno, "cannot run " + command[0]);
}

}  // namespace mrda::ctl
