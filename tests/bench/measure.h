// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "goals.h"
#include "mrda/interop/result.h"
#include "report.h"

namespace mrda::bench {

struct MeasureOptions {
    bool quick = false;
    std::string only;  ///< Rows whose name contains this.
};

/// Lets both contestants of `group` do its bouts in turn, several times; each figure is the median
/// over these. No row: none is wanted. What the build or the machine has not is skipped.
/// Errors: what ours says.
Result<std::vector<Row>> measure(const Group& group, const MeasureOptions& options);

}  // namespace mrda::bench
