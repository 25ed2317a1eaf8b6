// SPDX-License-Identifier: MIT
#include <memory>
#include <string>
#include <thread>

#include "checks.h"
#include "kernel_bench.h"

namespace mrda::check {

namespace {

constexpr int kItems = 4;
constexpr int kRounds = 20;

struct Target {
    std::shared_ptr<const media::LoadedPlugin> plugin;
    const mrda_session_kind* kind;
};

using OnBench = std::function<Finding(Bench&, const mrda_session_kind&)>;

Finding on_bench(const Target& target, const OnBench& check) {
    const auto bench = Bench::make(target.plugin, *target.kind);
    return bench.ok() ? check(**bench, *target.kind) : Finding::skip(bench.error().message);
}

Fault expect_no_work(KernelSubject& subject, const std::string& when) {
    const int status = subject.read(0);
    return status == MRDA_MEDIA_SEND_MORE
               ? subject.check_after("read")
               : "read " + when + " must be SEND_MORE, and is " + status_text(status);
}

/// A whole session of `items` work items; skipped where no work is known.
Finding work_through(Bench& bench, const mrda_session_kind& kind, int items) {
    KernelSubject subject(bench, kind);
    if (Fault fault = subject.open(); !fault.empty()) {
        return fault;
    }
    for (int item = 0; item < items; ++item) {
        if (Finding found = subject.check_written(subject.write()); !found.is_clear()) {
            return found;
        }
        for (const Fault& fault : {subject.check_next_result(), subject.check_sum()}) {
            if (!fault.empty()) {
                return fault;
            }
        }
    }
    if (Fault fault = expect_no_work(subject, "of no more work"); !fault.empty()) {
        return fault;
    }
    subject.close();
    return subject.check_after("close");
}

/// Skipped work is no fault of a session's life.
Fault live(Bench& bench, const mrda_session_kind& kind) {
    return work_through(bench, kind, kItems).fault;
}

/// Where the plugin names a unit, a session without one must be refused; else it may do without.
Finding begins_without_a_unit(const mrda_session_kind& kind) {
    Subject subject(kind);
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    const int status = subject.init(config);
    if (status != MRDA_MEDIA_OK || kind.unit != nullptr) {
        return check_refusal("init without a compute unit", status, subject.words());
    }
    static_cast<void>(subject.write({}));
    static_cast<void>(subject.read(0, {}));
    return {};
}

Finding refuses_an_unknown_parameter(Bench& bench, const mrda_session_kind& kind) {
    media::UnitAccess access(bench.unit(), -1, 0);
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    config.execution = &access.table();
    return check_unknown_parameter(kind, config);
}

Finding wants_work_first(Bench& bench, const mrda_session_kind& kind) {
    KernelSubject subject(bench, kind);
    Fault fault = subject.open();
    return fault.empty() ? expect_no_work(subject, "before any work") : fault;
}

Finding waits_no_longer_than_told(Bench& bench, const mrda_session_kind& kind) {
    KernelSubject subject(bench, kind);
    if (Fault fault = subject.open(); !fault.empty()) {
        return fault;
    }
    {
        const ShutGate shut(bench.gate());
        if (Finding found = subject.check_written(subject.write()); !found.is_clear()) {
            return found;
        }
        for (const std::uint64_t timeout_ns : {std::uint64_t{0}, std::uint64_t{1'000'000}}) {
            if (const int status = subject.read(timeout_ns); status != MRDA_MEDIA_TRY_AGAIN) {
                return "read of work that is not done must be TRY_AGAIN, and is " +
                       status_text(status);
            }
        }
    }
    return subject.check_next_result();
}

/// Writes until the session is full; how often it took the work.
Finding fill(Bench& bench, KernelSubject& subject, std::uint32_t& taken) {
    const ShutGate shut(bench.gate());
    for (taken = 0; taken <= MRDA_MAX_SCHEDULED; ++taken) {
        const int status = subject.write();
        if (status == MRDA_MEDIA_TRY_AGAIN && taken > 0) {
            return subject.check_after("write that says TRY_AGAIN");
        }
        if (taken > 0 && status != MRDA_MEDIA_OK) {
            return "write number " + std::to_string(taken + 1) +
                   " must be OK or TRY_AGAIN, and is " + status_text(status) + ": " +
                   subject.words();
        }
        if (Finding found = subject.check_written(status); !found.is_clear()) {
            return found;
        }
    }
    return Fault(
        "write takes more than MRDA_MAX_SCHEDULED items, none of which is done: it must say "
        "TRY_AGAIN");
}

Finding says_that_it_is_full(Bench& bench, const mrda_session_kind& kind) {
    KernelSubject subject(bench, kind);
    if (Fault fault = subject.open(); !fault.empty()) {
        return fault;
    }
    for (int round = 0; round < 2; ++round) {
        std::uint32_t taken = 0;
        if (Finding found = fill(bench, subject, taken); !found.is_clear()) {
            return found;
        }
        for (std::uint32_t item = 0; item < taken; ++item) {
            if (Fault fault = subject.check_next_result(); !fault.empty()) {
                return "of " + std::to_string(taken) + " items, result " +
                       std::to_string(item + 1) + ": " + fault;
            }
        }
        if (Fault fault = expect_no_work(subject, "of no more work"); !fault.empty()) {
            return fault;
        }
    }
    return subject.check_sum();
}

/// `parameters` cannot be work: nothing may be left of them.
Finding check_refused(Bench& bench, KernelSubject& subject, const std::string& what,
                      std::span<const mrda_parameter> parameters) {
    const std::uint64_t before = bench.unit()->statistics().scheduled;
    const int status = subject.write(parameters);
    if (Fault fault = check_refusal(what, status, subject.words()); !fault.empty()) {
        return fault;
    }
    if (Fault fault = subject.check_after(what); !fault.empty()) {
        return fault;
    }
    if (bench.unit()->statistics().scheduled != before) {
        return what + " is refused, and was scheduled all the same";
    }
    return expect_no_work(subject, "after " + what);
}

/// The unit's own parameters, but for one buffer, which another device has.
std::vector<mrda_parameter> with_a_foreign_buffer(KernelSubject& subject) {
    std::vector<mrda_parameter> work(subject.work().begin(), subject.work().end());
    for (auto last = work.rbegin(); last != work.rend(); ++last) {
        if (last->type == MRDA_PARAMETER_BUFFER) {
            constexpr std::uint32_t kElsewhere = 1000;
            auto buffer = media::make_host_device(kElsewhere)
                              ->allocate(0, last->value.buffer->length_bytes)
                              .value();
            last->value.buffer = &buffer->view();
            subject.lend(std::move(buffer));
            return work;
        }
    }
    return {};
}

Finding leaves_nothing_of_a_refused_write(Bench& bench, const mrda_session_kind& kind) {
    KernelSubject subject(bench, kind);
    if (Fault fault = subject.open(); !fault.empty()) {
        return fault;
    }
    bench.gate().set_idle(true);
    mrda_parameter unknown{};
    unknown.name = "no-such-parameter";
    unknown.type = MRDA_PARAMETER_INTEGER;
    if (Finding found = check_refused(bench, subject, "a write of a parameter that is not known",
                                      {&unknown, 1});
        !found.is_clear()) {
        return found;
    }
    if (const auto foreign = with_a_foreign_buffer(subject); !foreign.empty()) {
        if (Finding found =
                check_refused(bench, subject, "a write of another device's buffer", foreign);
            !found.is_clear()) {
            return found;
        }
    }
    bench.gate().set_idle(false);
    return work_through(bench, kind, 1).fault;
}

Finding closes_with_work_in_flight(Bench& bench, const mrda_session_kind& kind) {
    for (int round = 0; round < kRounds; ++round) {
        auto subject = std::make_unique<KernelSubject>(bench, kind);
        if (Fault fault = subject->open(); !fault.empty()) {
            return fault;
        }
        bench.gate().shut();
        // It may wait for its work, which can be done as soon as it is about to close.
        Finding found;
        for (int item = 0; item < kItems && found.is_clear(); ++item) {
            const int status = subject->write();
            if (item > 0 && status == MRDA_MEDIA_TRY_AGAIN) {
                break;
            }
            found = subject->check_written(status);
        }
        std::thread opener([&] { bench.gate().open(); });
        subject->close();
        const Fault after = subject->check_after("close");
        subject.reset();
        opener.join();
        if (!found.is_clear() || !after.empty()) {
            return found.is_clear() ? Finding(after) : found;
        }
    }
    return live(bench, kind);
}

}  // namespace

std::vector<Check> kernel_checks(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                                 const mrda_session_kind& kind) {
    const Target target{plugin, &kind};
    const std::string who =
        "kernel on " + (kind.unit == nullptr ? "any unit" : "unit " + std::string(kind.unit));
    std::vector<Check> checks;
    checks.push_back(
        {who + (kind.unit == nullptr ? ": refuses to begin without a unit, or needs none"
                                     : ": refuses to begin without its unit"),
         [&kind] { return begins_without_a_unit(kind); }});
    const auto add = [&](const char* what, OnBench check) {
        checks.push_back({who + ": " + what,
                          [target, check = std::move(check)] { return on_bench(target, check); }});
    };
    add("refuses a parameter that it does not know", refuses_an_unknown_parameter);
    add("says at once that it wants work", wants_work_first);
    add("gives the results of each work once", [](Bench& bench, const mrda_session_kind& of) {
        return work_through(bench, of, 3 * MRDA_MAX_SCHEDULED);
    });
    add("waits for results no longer than told", waits_no_longer_than_told);
    add("says when it is full", says_that_it_is_full);
    add("leaves nothing of a write that it refuses", leaves_nothing_of_a_refused_write);
    add("closes with work in flight", closes_with_work_in_flight);
    // One unit for all lives: the unit's own threads and tables are not the session's.
    add("leaves nothing behind", [who](Bench& bench, const mrda_session_kind& of) {
        return leaves_nothing_behind(who, [&] { return live(bench, of); }).run();
    });
    add("lives beside others", [who](Bench& bench, const mrda_session_kind& of) {
        return lives_beside_others(who, [&] { return live(bench, of); }).run();
    });
    return checks;
}

}  // namespace mrda::check
