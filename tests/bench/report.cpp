// SPDX-License-Identifier: MIT
#include "report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace mrda::bench {

namespace {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
    char text[512];
    std::va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return text;
}

/// Small ones as a fraction, which says how many times faster.
std::string ratio_text(double ratio) {
    return ratio > 0 && ratio < 0.1 ? format("1/%.0f", 1 / ratio) : format("%.2f", ratio);
}

std::string line_of(const Row& row) {
    if (!row.skipped.empty()) {
        return format("%-24s skipped: ", row.name.c_str()) + row.skipped + "\n";
    }
    return format("%-24s %-12s %10.2f %10.2f %8s %9s  %s\n", row.name.c_str(), row.against.c_str(),
                  row.ours_us, row.peer_us, ratio_text(row.ratio).c_str(),
                  ("<= " + ratio_text(row.goal)).c_str(), row.holds() ? "holds" : "MISSED");
}

}  // namespace

std::string to_table(const std::vector<Row>& rows) {
    std::string table = format("%-24s %-12s %10s %10s %8s %9s\n", "round trip", "against",
                               "ours us", "peer us", "ratio", "goal");
    std::size_t skipped = 0;
    std::size_t held = 0;
    for (const Row& row : rows) {
        table += line_of(row);
        skipped += row.skipped.empty() ? 0 : 1;
        held += row.holds() ? 1 : 0;
    }
    return table + format("%zu hold, %zu missed, %zu skipped\n", held, rows.size() - held - skipped,
                          skipped);
}

std::string to_json(const std::vector<Row>& rows) {
    auto list = nlohmann::ordered_json::array();
    for (const Row& row : rows) {
        nlohmann::ordered_json object{{"name", row.name},    {"against", row.against},
                                      {"ours", row.ours_us}, {"peer", row.peer_us},
                                      {"ratio", row.ratio},  {"goal", row.goal},
                                      {"holds", row.holds()}};
        if (!row.skipped.empty()) {
            object["ours"] = object["peer"] = object["ratio"] = object["holds"] = nullptr;
            object["skipped"] = row.skipped;
        }
        list.push_back(std::move(object));
    }
    return list.dump(2) + "\n";
}

}  // namespace mrda::bench
