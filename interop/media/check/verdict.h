// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace mrda::check {

/// What a check found: empty where all is right, else the fault, for the plugin's author.
using Fault = std::string;

/// One thing that a plugin must do.
struct Check {
    std::string name;  ///< "encoder avc NV12: every frame comes out once".
    std::function<Fault()> run;
};

/// Runs it in a child of this process, so that a crash, an exit and a wait without end are faults,
/// too, and what one check leaves behind disturbs no other.
Fault run_apart(const Check& check);

}  // namespace mrda::check
