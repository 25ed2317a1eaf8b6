// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mrda::bench {

/// One goal, as measured.
struct Row {
    std::string name;
    std::string against;
    double ours_us = 0;  ///< Medians over the runs.
    double peer_us = 0;
    double ratio = 0;     ///< Of ours / peer within each run, the median.
    double goal = 0;      ///< The most that it may be.
    std::string skipped;  ///< Why there are no figures; empty: there are.

    [[nodiscard]] bool holds() const { return skipped.empty() && ratio <= goal; }
};

/// For people, with a line that counts.
std::string to_table(const std::vector<Row>& rows);
/// A list of {name, against, ours, peer, ratio, goal, holds}, in microseconds; a row that was
/// skipped has null for what was not measured, and "skipped" with the reason.
std::string to_json(const std::vector<Row>& rows);

}  // namespace mrda::bench
