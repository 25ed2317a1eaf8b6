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

/// Looks at everything in turn; asks processes of their own about libraries and drivers, and waits
/// for those a few seconds, at most two minutes. The service is looked for in `runtime_dir`; empty:
/// in this user's.
std::vector<Finding> examine(const std::string& runtime_dir);

}  // namespace mrda::ctl
