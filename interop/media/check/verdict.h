// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace mrda::check {

/// What a check found: empty where all is right, else the fault, for the plugin's author.
using Fault = std::string;

/// A fault, or why a thing cannot be checked here; neither: all is right.
struct Finding {
    Finding(Fault found = {}) : fault(std::move(found)) {}
    static Finding skip(std::string why) {
        Finding finding;
        finding.skipped = std::move(why);
        return finding;
    }
    [[nodiscard]] bool is_clear() const { return fault.empty() && skipped.empty(); }

    Fault fault;
    std::string skipped;
};

/// One thing that a plugin must do.
struct Check {
    std::string name;  ///< "encoder avc NV12: every frame comes out once".
    std::function<Finding()> run;
};

/// Runs it in a child of this process, so that a crash, an exit and a wait without end are faults,
/// too, and what one check leaves behind disturbs no other.
Finding run_apart(const Check& check);

}  // namespace mrda::check
