// SPDX-License-Identifier: MIT
// mrda-bench: how quickly frames change hands, against what others offer, and the goals for that.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "measure.h"
#include "mrda/interop/exit_code.h"
#include "peer.h"

namespace {

using mrda::Errc;
using mrda::Result;
using mrda::bench::MeasureOptions;
using mrda::bench::Row;

constexpr int kExitSkipped = 77;

struct Options {
    MeasureOptions measure;
    bool json = false;
    std::string half;
    std::string meeting;
};

void add_options(CLI::App& app, Options& options) {
    app.add_flag("--json", options.json, "print a list of objects instead of a table");
    app.add_flag("--quick", options.measure.quick, "fewer runs of fewer round trips");
    app.add_option("--only", options.measure.only, "rows whose name contains this");
    app.add_option("--half", options.half)->group("");
    app.add_option("--meeting", options.meeting)->group("");
}

/// With the default action the children would stay behind, and the folder.
void let_signals_interrupt() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

Result<std::vector<Row>> measure_all(const MeasureOptions& options) {
    std::vector<Row> all;
    for (const auto& group : mrda::bench::all_groups()) {
        MRDA_ASSIGN(const std::vector<Row> rows, mrda::bench::measure(group, options));
        all.insert(all.end(), rows.begin(), rows.end());
    }
    if (all.empty()) {
        return mrda::make_error(Errc::invalid_argument,
                                "--only " + options.only + ": no row has that in its name");
    }
    return all;
}

int exit_code(const std::vector<Row>& rows) {
    bool skipped = false;
    for (const Row& row : rows) {
        if (row.skipped.empty() && !row.holds()) {
            return mrda::kExitFailed;
        }
        skipped = skipped || !row.skipped.empty();
    }
    return skipped ? kExitSkipped : 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app(
        "Round trips of frames between guest and worker, against iceoryx, eventfd and gRPC. Exits "
        "with 0 if every goal holds, 1 if one does not, 77 if some were skipped and the rest hold.",
        "mrda-bench");
    add_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? 0 : mrda::kExitUsage;
    }
    if (!options.half.empty()) {
        return mrda::bench::run_half(options.half, options.meeting);
    }
    let_signals_interrupt();
    const auto rows = measure_all(options.measure);
    if (!rows.ok()) {
        std::fprintf(stderr, "mrda-bench: %s\n", to_string(rows.error()).c_str());
        return mrda::exit_code_of(rows.error().code);
    }
    const std::string text =
        options.json ? mrda::bench::to_json(*rows) : mrda::bench::to_table(*rows);
    std::fputs(text.c_str(), stdout);
    return exit_code(*rows);
}
