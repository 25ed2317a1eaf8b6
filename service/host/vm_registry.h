// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/result.h"
#include "state_file.h"
#include "vm_config.h"
#include "vm_memory.h"

namespace mrda::service {

/// Which VMs there are, and which token is whose. Kept in `state_dir` across restarts, readable by
/// the service's user alone. For the loop's thread.
class VmRegistry {
  public:
    /// Reads what was kept. `holder` must outlive the registry and its VMs; null: no VM can have
    /// doorbell devices. Errors: io, corrupt (naming the file), permission_denied (others can read
    /// it).
    static Result<VmRegistry> open(std::string state_dir, std::string runtime_dir,
                                   DoorbellHolder* holder = nullptr);

    /// Adds or replaces; a token that exists is kept. Makes the files of device paths if they are
    /// not there. Returns the path of the token's file. `keep`: also across restarts.
    /// Errors: as check_vm_config(); busy (a machine has a device that would change), not_found
    /// (a user), io, and the files' and the holder's. Nothing has changed then, but device files
    /// may have been made. Sessions that run keep the memory that they have; of a VM without device
    /// paths, the next one gets memory_bytes anew where they have changed.
    Result<std::string> add(VmConfig config, bool keep);
    /// As add() without `keep`, for what a configuration says at the start: devices that cannot be
    /// had now are asked for again when they are needed, and are no error.
    Result<void> configure(VmConfig config);
    /// As add(), kept, and make_default(): both or neither.
    Result<std::string> add_default(VmConfig config);
    /// Guests of this user that name no token are this VM's from now on, also across restarts: the
    /// default token is its. Errors: not_found, io; nothing has changed then.
    Result<void> make_default(const std::string& name);
    /// Whose it is; empty: nobody's, or one's that is no more.
    [[nodiscard]] Result<std::string> default_vm() const;
    /// The default token was its: then it is "local"'s, else the first one's, or there is none.
    /// Errors: not_found, io; nothing has changed then.
    Result<void> remove(const std::string& name);
    /// The holder forgets devices of VMs that are not here. Once all are, at the start.
    void forget_other_devices() const;
    /// Nobody keeps this device's memory any more: the next session of its VM gets other memory.
    void lose(const SharedRegion& device);
    [[nodiscard]] std::vector<std::shared_ptr<Vm>> all() const;
    [[nodiscard]] bool empty() const { return vms_.empty(); }

    /// Whose token this is; null: nobody's. Takes the same time for every wrong token.
    [[nodiscard]] std::shared_ptr<Vm> find_by_token(std::string_view token) const;
    [[nodiscard]] std::shared_ptr<Vm> find(const std::string& name) const;

  private:
    VmRegistry(std::string state_dir, std::string runtime_dir, DoorbellHolder* holder)
        : state_dir_(std::move(state_dir)), runtime_dir_(std::move(runtime_dir)), holder_(holder) {}
    Result<std::string> add(VmConfig config, bool keep, bool as_default);
    /// `made`: the holder's regions that were not there before, also where it fails.
    Result<void> change(VmConfig config, bool keep, bool as_default,
                        std::vector<std::string>& made);
    /// As add(), but neither opens devices nor saves: one VM's bad file is no other's trouble.
    Result<void> insert(VmConfig config, bool keep);
    /// Takes back what change() did, where it failed. `before`: as find() had it; null: nothing.
    void undo(const std::string& name, const Vm* before, bool was_kept,
              const std::vector<std::string>& made);
    /// Has the holder forget those of `names` that `now` has not; null: has none.
    void forget_devices(const std::vector<std::string>& names, const VmConfig* now);
    Result<std::string> token_of(const std::string& name) const;
    /// What the files hold that tell of the VMs, and of the default.
    [[nodiscard]] FileText list_file() const;
    [[nodiscard]] std::vector<FileText> default_files(const Vm& vm) const;
    /// Whose the default token is where nobody said so; null: there is no VM.
    [[nodiscard]] std::shared_ptr<Vm> natural_default() const;
    [[nodiscard]] std::string token_path(const std::string& name) const {
        return state_dir_ + "/tokens/" + name + ".token";
    }
    [[nodiscard]] std::string default_path() const { return state_dir_ + "/default_vm"; }
    [[nodiscard]] std::string default_token_path() const;

    std::string state_dir_;
    std::string runtime_dir_;
    DoorbellHolder* holder_;
    std::shared_ptr<DeviceFiles> device_files_ = std::make_shared<DeviceFiles>();
    std::map<std::string, std::shared_ptr<Vm>> vms_;
    std::map<std::string, bool> kept_;
};

}  // namespace mrda::service
