// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mrda::ctl {

/// One thing that the zero-copy path needs of this machine.
struct Finding {
    enum class Verdict { works, limited, missing };
    Verdict verdict = Verdict::works;
    std::string what;   ///< "/dev/udmabuf", ...
    std::string found;  ///< For people.
    std::string mend;   ///< What to do; empty where nothing needs to be done.
};

/// Looks at everything in turn; asks mrda-probe, in a process of its own, about drivers. Waits for
/// that at most a minute.
std::vector<Finding> examine();

}  // namespace mrda::ctl
