// SPDX-License-Identifier: MIT
#include "kernel_bench.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <utility>

#include "executor.h"

namespace mrda::check {

namespace {

constexpr std::uint64_t kPageBytes = 4096;
/// Longer than any work may take, shorter than a check's own patience.
constexpr std::uint64_t kLongNs = 20'000'000'000;
constexpr std::size_t kThreads = 4;
constexpr std::uint32_t kSecond = 4;

/// What the check's own unit takes.
struct AddRegisters {
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t sum;
    std::uint32_t count;
    std::uint32_t channel_in;
    std::uint32_t channel_out;
};

std::uint32_t* words_at(std::uint64_t address) {
    return reinterpret_cast<std::uint32_t*>(static_cast<std::uintptr_t>(address));
}

std::int32_t run_add(void* block) {
    auto& registers = *static_cast<AddRegisters*>(block);
    for (std::uint32_t i = 0; i < registers.count; ++i) {
        words_at(registers.sum)[i] = words_at(registers.a)[i] + words_at(registers.b)[i];
    }
    registers.channel_out = registers.channel_in;
    return 0;
}

constexpr std::size_t kSumArgument = 2;
constexpr mrda_unit_argument kAddArguments[] = {
    {"a", MRDA_ARGUMENT_BUFFER, offsetof(AddRegisters, a), 8, -1},
    {"b", MRDA_ARGUMENT_BUFFER, offsetof(AddRegisters, b), 8, -1},
    {"sum", MRDA_ARGUMENT_BUFFER, offsetof(AddRegisters, sum), 8, -1},
    {"count", MRDA_ARGUMENT_VALUE, offsetof(AddRegisters, count), 4, -1},
};
constexpr mrda_unit_kind kAdd{.size_bytes = sizeof(mrda_unit_kind),
                              .register_bytes = sizeof(AddRegisters),
                              .name = "check-add",
                              .arguments = kAddArguments,
                              .argument_count = std::size(kAddArguments),
                              .in_flight = 2,
                              .channel_in_offset = offsetof(AddRegisters, channel_in),
                              .channel_out_offset = offsetof(AddRegisters, channel_out),
                              .global_size_offset = MRDA_NO_REGISTER,
                              .image_count = 0,
                              .images = nullptr,
                              .run = run_add};

class GatedCode final : public media::UnitCode {
  public:
    GatedCode(Gate& gate, std::unique_ptr<media::UnitCode> code)
        : gate_(gate), code_(std::move(code)) {}

    Result<std::int32_t> run(std::span<std::byte> registers) override {
        return gate_.pass() ? code_->run(registers) : Result<std::int32_t>(0);
    }

  private:
    Gate& gate_;
    std::unique_ptr<media::UnitCode> code_;
};

/// All threads are there: one that is started late would look like one that a session left behind.
Result<std::shared_ptr<media::Executor>> executor_with_its_threads() {
    auto executor = std::make_shared<media::Executor>();
    MRDA_TRY(executor->allow(kThreads));
    const auto all_there = std::make_shared<std::barrier<>>(kThreads + 1);
    for (std::size_t i = 0; i < kThreads; ++i) {
        executor->post([all_there] { all_there->arrive_and_wait(); });
    }
    all_there->arrive_and_wait();
    return executor;
}

Result<void> check_banks(const mrda_unit_kind& kind, const media::Device& device) {
    for (const mrda_unit_argument& argument : std::span(kind.arguments, kind.argument_count)) {
        if (argument.kind == MRDA_ARGUMENT_BUFFER &&
            argument.bank >= static_cast<std::int32_t>(device.banks().size())) {
            return make_error(Errc::unsupported,
                              std::string("argument ") + argument.name + " of unit " + kind.name +
                                  " reaches bank " + std::to_string(argument.bank) + ", and " +
                                  device.name() + " has " + std::to_string(device.banks().size()));
        }
    }
    return {};
}

}  // namespace

void Gate::shut() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
}

void Gate::open() {
    const std::lock_guard lock(mutex_);
    shut_ = false;
    opened_.notify_all();
}

void Gate::set_idle(bool idle) {
    const std::lock_guard lock(mutex_);
    idle_ = idle;
}

bool Gate::pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return !shut_; });
    return !idle_;
}

Result<const mrda_unit_kind*> find_unit(const mrda_plugin& table, const std::string& name) {
    for (const mrda_unit_kind* const kind : media::units_of(table)) {
        if (name == kind->name) {
            return kind;
        }
    }
    return make_error(Errc::not_found, "its unit \"" + name + "\" is another plugin's");
}

Result<LoadedUnit> load_unit(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                             const mrda_unit_kind& kind) {
    std::vector<std::shared_ptr<media::Device>> devices{media::make_host_device(0)};
    if (plugin->table().devices != nullptr) {
        std::vector<std::string> notes;  // What cannot be opened is for the devices' own checks.
        MRDA_ASSIGN(const auto own, media::open_devices(plugin, 1, notes));
        devices.insert(devices.end(), own.begin(), own.end());
    }
    std::string refusals;
    for (auto& device : devices) {
        auto code = device->load(kind);
        const auto banks = check_banks(kind, *device);
        if (code.ok() && banks.ok()) {
            return LoadedUnit{std::move(device), *std::move(code)};
        }
        refusals += (refusals.empty() ? "" : "; ") +
                    (code.ok() ? banks.error().message : code.error().message);
    }
    return make_error(Errc::unsupported, refusals);
}

Result<std::unique_ptr<Bench>> Bench::make(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                                           const mrda_session_kind& kind) {
    std::unique_ptr<Bench> bench(new Bench());
    bench->adds_ = kind.unit == nullptr;
    const mrda_unit_kind* unit = &kAdd;
    if (kind.unit != nullptr) {
        MRDA_ASSIGN(unit, find_unit(plugin->table(), kind.unit));
    }
    MRDA_ASSIGN(LoadedUnit loaded, load_unit(plugin, *unit));
    MRDA_ASSIGN(auto executor, executor_with_its_threads());
    bench->unit_ = std::make_shared<media::ComputeUnit>(
        std::move(loaded.device), plugin, 0, *unit,
        std::make_unique<GatedCode>(bench->gate_, std::move(loaded.code)), std::move(executor));
    return bench;
}

KernelSubject::KernelSubject(Bench& bench, const mrda_session_kind& kind)
    : bench_(bench),
      number_([] {
          static std::atomic<std::uint32_t> last{0};
          return ++last;
      }()),
      access_(bench.unit(), -1, number_),
      subject_(kind) {
    const mrda_unit_kind& unit = bench.unit()->kind();
    for (const mrda_unit_argument& argument : std::span(unit.arguments, unit.argument_count)) {
        add_argument(argument);
    }
    if (bench.adds()) {
        const auto put = [](const media::Buffer& buffer, std::uint32_t word) {
            static_cast<void>(buffer.write(0, std::as_bytes(std::span(&word, 1))).ok());
        };
        put(*buffers_[0], number_);
        put(*buffers_[1], kSecond);
    }
}

void KernelSubject::add_argument(const mrda_unit_argument& argument) {
    mrda_parameter parameter{};
    parameter.name = argument.name;
    if (argument.kind == MRDA_ARGUMENT_BUFFER) {
        buffers_.push_back(bench_.unit()->device()->allocate(argument.bank, kPageBytes).value());
        parameter.type = MRDA_PARAMETER_BUFFER;
        parameter.value.buffer = &buffers_.back()->view();
        access_.lend(buffers_.back());
    } else if (argument.kind == MRDA_ARGUMENT_VALUE) {
        parameter.type = MRDA_PARAMETER_INTEGER;
        parameter.value.integer = 1;
    } else {
        return;
    }
    parameters_.push_back(parameter);
}

Fault KernelSubject::open() {
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    config.channel = number_;
    config.execution = &access_.table();
    const int status = subject_.init(config);
    return status == MRDA_MEDIA_OK ? check_after("init")
                                   : "init gives " + status_text(status) + ": " + words();
}

int KernelSubject::write() {
    return subject_.write(parameters_);
}

Finding KernelSubject::check_written(int status) {
    if (status == MRDA_MEDIA_OK) {
        bench_.note_taken_work();
        return check_after("write");
    }
    if (status != -1 - static_cast<int>(Errc::invalid_argument) || bench_.took_work()) {
        return "write with room for it gives " + status_text(status) + ": " + words();
    }
    Fault fault = check_refusal("write", status, words());
    return fault.empty() ? Finding::skip("write refuses what its unit's arguments suggest (\"" +
                                         words() + "\"): no work is known to this check")
                         : Finding(fault);
}

Fault KernelSubject::check_next_result() {
    const int status = read(kLongNs);
    if (status == MRDA_MEDIA_OK) {
        return check_after("read");
    }
    if (status == MRDA_MEDIA_SEND_MORE || status == MRDA_MEDIA_END) {
        return "read of work that was written gives " + status_text(status);
    }
    if (status == MRDA_MEDIA_TRY_AGAIN) {
        return "read gives TRY_AGAIN: the work is not done within " +
               std::to_string(kLongNs / 1'000'000'000) + " s";
    }
    const Fault fault = check_refusal("read", status, words());
    return fault.empty() ? check_after("read") : fault;
}

Fault KernelSubject::check_after(const std::string& call) {
    if (bench_.unit()->unlock(&access_).ok()) {
        return call + " keeps the lock of the unit's register map";
    }
    return subject_.is_intact() ? "" : "bytes behind session_bytes were written";
}

Fault KernelSubject::check_sum() const {
    if (!bench_.adds()) {
        return {};
    }
    std::uint32_t sum = 0;
    const auto read = buffers_[kSumArgument]->read(0, std::as_writable_bytes(std::span(&sum, 1)));
    return read.ok() && sum == number_ + kSecond
               ? ""
               : "the unit was to add " + std::to_string(number_) + " and " +
                     std::to_string(kSecond) + ", and gives " + std::to_string(sum) +
                     ": the work was begun with other words than were written, or not at all";
}

}  // namespace mrda::check
