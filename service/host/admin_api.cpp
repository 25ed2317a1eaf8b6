// SPDX-License-Identifier: MIT
#include "admin_api.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "log.h"
#include "rpc_call.h"

namespace mrda::service {

namespace {

VmConfig config_of(const v1::Vm& vm) {
    VmConfig config;
    config.name = vm.name();
    config.in_device_path = vm.in_device_path();
    config.out_device_path = vm.out_device_path();
    config.out_memory_bytes = vm.out_memory_bytes();
    config.devices = vm.devices();
    config.qemu_user = vm.qemu_user();
    // 0 asks for the default.
    if (vm.memory_bytes() != 0) {
        config.memory_bytes = vm.memory_bytes();
    }
    if (vm.vectors() != 0) {
        config.vectors = vm.vectors();
    }
    if (vm.max_sessions() != 0) {
        config.max_sessions = vm.max_sessions();
    }
    if (vm.max_creates_per_second() != 0) {
        config.max_creates_per_second = vm.max_creates_per_second();
    }
    if (vm.max_pixels_per_second() != 0) {
        config.max_pixels_per_second = vm.max_pixels_per_second();
    }
    return config;
}

v1::MachineState machine_of(const Doorbells& doorbells) {
    if (doorbells.claimed) {
        return v1::MACHINE_STATE_PLAIN;
    }
    return doorbells.connected ? v1::MACHINE_STATE_DOORBELL : v1::MACHINE_STATE_NONE;
}

void fill_device(const SharedRegion& region, v1::VmDevice& device) {
    device.set_name(region.name);
    device.set_size_bytes(region.region.size_bytes());
    device.set_path(region.path);
    if (region.doorbells != nullptr) {
        device.set_socket_path(region.doorbells->socket_path);
        device.set_vectors(static_cast<std::uint32_t>(region.doorbells->host.size()));
        device.set_machine(machine_of(*region.doorbells));
    }
}

void fill_devices(Vm& known, v1::Vm& vm) {
    if (known.config.devices == 0 && known.config.in_device_path.empty()) {
        return;
    }
    const auto regions = regions_of(known, "", "");
    if (!regions.ok()) {
        vm.set_refused(to_string(regions.error()));
        return;
    }
    fill_device(*regions->input, *vm.add_shown_devices());
    if (regions->output != regions->input) {
        fill_device(*regions->output, *vm.add_shown_devices());
    }
}

void fill_vm(Vm& known, v1::Vm& vm) {
    const VmConfig& config = known.config;
    vm.set_name(config.name);
    vm.set_memory_bytes(config.memory_bytes);
    vm.set_in_device_path(config.in_device_path);
    vm.set_out_device_path(config.out_device_path);
    vm.set_out_memory_bytes(config.out_memory_bytes);
    vm.set_devices(config.devices);
    vm.set_vectors(config.vectors);
    vm.set_qemu_user(config.qemu_user);
    vm.set_max_sessions(config.max_sessions);
    vm.set_max_pixels_per_second(config.max_pixels_per_second);
    vm.set_max_creates_per_second(config.max_creates_per_second);
    fill_devices(known, vm);
}

/// Of shared memory: also of regions that VMs had before, and sessions still have.
std::uint64_t used_bytes(const VmRegistry& vms, const SessionManager& sessions) {
    std::set<const SharedRegion*> regions;
    for (const auto& vm : vms.all()) {
        regions.insert({vm->memfd.get(), vm->input.get(), vm->output.get()});
    }
    for (const Session* session : sessions.list(nullptr)) {
        if (const SessionMemory* const memory = session->memory()) {
            regions.insert({&memory->input_region(), &memory->output_region()});
        }
    }
    regions.erase(nullptr);
    std::uint64_t used = 0;
    for (const SharedRegion* region : regions) {
        used += region->extents.size_bytes() - region->extents.free_bytes();
    }
    return used;
}

}  // namespace

void AdminApi::serve(RpcQueue& queue) {
    serve_on(loop_, queue, service_, &Service::RequestAddVm,
             [this](auto& call) { return add_vm(call.request(), call.reply()); });
    serve_on(loop_, queue, service_, &Service::RequestRemoveVm,
             [this](auto& call) { return remove_vm(call.request().name(), call.reply()); });
    serve_on(loop_, queue, service_, &Service::RequestListVms,
             [this](auto& call) { return list_vms(call.reply()); });
    serve_on(loop_, queue, service_, &Service::RequestListSessions, [this](auto& call) {
        for (const Session* session : sessions_.list(nullptr)) {
            *call.reply().add_sessions() = session->status();
        }
        return Result<void>();
    });
    serve_on(loop_, queue, service_, &Service::RequestStopSession,
             [this](auto& call) { return stop(call.request().session_id(), call.reply()); });
    serve_on(loop_, queue, service_, &Service::RequestGetResources, [this](auto& call) {
        fill(call.reply());
        return Result<void>();
    });
    mrda::service::serve(queue, service_, &Service::RequestListPlugins, [this](auto& call) {
        loop_.post([this, &call] {
            plugins_.list(call.request().look_again(),
                          [this, &call](const Result<v1::ListPluginsReply>& listed) {
                              if (!listed.ok()) {
                                  call.finish(listed.error());
                                  return;
                              }
                              call.reply() = *listed;
                              fill_load(call.reply());
                              call.finish({});
                          });
        });
    });
}

Result<void> AdminApi::add_vm(const v1::Vm& vm, v1::AddVmReply& reply) {
    reply.set_replaced(vms_.find(vm.name()) != nullptr);
    MRDA_ASSIGN(const std::string token_path, vms_.add_default(config_of(vm)));
    reply.set_token_path(token_path);
    fill_vm(*vms_.find(vm.name()), *reply.mutable_vm());
    reply.mutable_vm()->set_is_default(true);
    return {};
}

Result<void> AdminApi::list_vms(v1::ListVmsReply& reply) const {
    const auto chosen = vms_.default_vm();
    if (!chosen.ok()) {
        Log::warn("default VM", {{"why", to_string(chosen.error())}});
    }
    for (const auto& vm : vms_.all()) {
        v1::Vm& shown = *reply.add_vms();
        fill_vm(*vm, shown);
        shown.set_is_default(chosen.ok() && vm->config.name == *chosen);
    }
    return {};
}

Result<void> AdminApi::remove_vm(const std::string& name, v1::RemoveVmReply& reply) {
    const auto vm = vms_.find(name);
    MRDA_TRY(vms_.remove(name));
    for (const std::string& path :
         std::set<std::string>{vm->config.in_device_path, vm->config.out_device_path}) {
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) {
            reply.add_files(path);
        }
    }
    for (const Session* session : sessions_.list(vm.get())) {
        MRDA_ASSIGN(Session* const owned, sessions_.find(nullptr, session->id()));
        sessions_.stop(*owned);
    }
    return {};
}

Result<void> AdminApi::stop(std::uint64_t id, v1::SessionStatus& reply) {
    MRDA_ASSIGN(Session* const session, sessions_.find(nullptr, id));
    sessions_.stop(*session);
    reply = session->status();
    return {};
}

void AdminApi::fill(v1::ResourcesReply& reply) const {
    const ResourceSample& sample = resources_.last();
    reply.set_cpu_load(sample.cpu_load);
    reply.set_cpu_count(sample.cpu_count);
    reply.set_memory_total_bytes(sample.memory_total_bytes);
    reply.set_memory_available_bytes(sample.memory_available_bytes);
    reply.set_pixels_per_second_reserved(resources_.pixels_reserved());
    reply.set_pixels_per_second_ceiling(resources_.pixels_ceiling());
    reply.set_platform(platform_);
    reply.set_sessions(static_cast<std::uint32_t>(sessions_.count()));
    for (const GpuState& gpu : resources_.devices()) {
        v1::Device& device = *reply.add_devices();
        device.set_pci_address(gpu.reading.pci_address);
        device.set_name(gpu.reading.name);
        device.set_engine_load(gpu.load);
        device.set_sessions(gpu.sessions);
    }
    reply.set_region_bytes_used(used_bytes(vms_, sessions_));
}

void AdminApi::fill_load(v1::ListPluginsReply& reply) const {
    for (const Session* session : sessions_.list(nullptr)) {
        const auto plugin = std::find_if(
            reply.mutable_plugins()->begin(), reply.mutable_plugins()->end(),
            [&](const v1::Plugin& each) {
                return each.name() == session->plan().params.plugin && each.shadowed_by().empty();
            });
        if (plugin != reply.mutable_plugins()->end() && !session->released()) {
            plugin->set_sessions(plugin->sessions() + 1);
            plugin->set_pixels_per_second_reserved(plugin->pixels_per_second_reserved() +
                                                   session->plan().pixels_per_second());
        }
    }
}

}  // namespace mrda::service
