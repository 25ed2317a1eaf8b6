// SPDX-License-Identifier: MIT
#include "measure.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "contestant.h"
#include "peer.h"

namespace mrda::bench {

namespace {

constexpr int kRuns = 7;
constexpr int kQuickRuns = 3;
constexpr std::uint32_t kQuickShare = 4;  ///< So much fewer round trips.

/// Of one contestant in one bout: a value for each run.
struct Figures {
    std::vector<double> p50_us;
    std::vector<double> p99_us;
};

/// A bout, and what came of it.
struct Course {
    Exchange exchange;
    bool ours_wanted = false;
    bool peer_wanted = false;
    Figures ours;
    Figures peer;
};

bool is_wanted(const Goal& goal, const MeasureOptions& options) {
    return goal.name.find(options.only) != std::string::npos;
}

std::vector<Course> plan(const Group& group, const MeasureOptions& options) {
    std::vector<Course> courses(group.bouts.size());
    for (std::size_t i = 0; i < courses.size(); ++i) {
        courses[i].exchange = group.bouts[i].exchange;
        if (options.quick) {
            courses[i].exchange.round_trips /= kQuickShare;
        }
        for (const Goal& goal : group.bouts[i].goals) {
            if (is_wanted(goal, options)) {
                courses[i].ours_wanted = true;
                courses[goal.own_bout.value_or(i)].ours_wanted = true;
                courses[i].peer_wanted = courses[i].peer_wanted || !goal.own_bout;
            }
        }
    }
    return courses;
}

double percentile_us(TimesNs& times, std::size_t percent) {
    constexpr double kNsPerUs = 1'000;
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * percent / 100);
    std::nth_element(times.begin(), at, times.end());
    return static_cast<double>(*at) / kNsPerUs;
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

Result<void> run_once(Contestant& contestant, const Exchange& exchange, Figures& figures) {
    MRDA_ASSIGN(TimesNs times, contestant.run(exchange));
    figures.p50_us.push_back(percentile_us(times, 50));
    figures.p99_us.push_back(percentile_us(times, 99));
    return {};
}

/// Why there are no figures of a contestant's; empty: there are.
struct Missing {
    std::string ours;
    std::string peer;
};

/// Nothing: it is not there, and `why` says so.
std::optional<Contestant> start(const Peer& peer, const Ground& ground, std::string& why) {
    auto started = peer.start(peer, ground);
    if (!started.ok()) {
        why = to_string(started.error());
        return std::nullopt;
    }
    return std::move(*started);
}

Result<Missing> run_all(const Group& group, std::vector<Course>& courses, int runs) {
    MRDA_ASSIGN(auto folder, TempFolder::make());
    const Ground ground{std::move(folder), group.client_core, group.server_core};
    Missing missing;
    auto ours = group.ours->start(*group.ours, ground);
    if (!ours.ok()) {
        Error error = std::move(ours).error();
        if (error.code != Errc::unsupported) {
            return error;
        }
        missing.ours = to_string(error);
        return missing;
    }
    const bool alone = std::none_of(courses.begin(), courses.end(),
                                    [](const Course& course) { return course.peer_wanted; });
    auto peer = alone ? std::nullopt : start(*group.peer, ground, missing.peer);
    for (int run = 0; run < runs; ++run) {
        for (Course& course : courses) {
            if (course.ours_wanted) {
                MRDA_TRY(run_once(*ours, course.exchange, course.ours));
            }
            if (course.peer_wanted && missing.peer.empty()) {
                const auto done = run_once(*peer, course.exchange, course.peer);
                missing.peer = done.ok() ? "" : to_string(done.error());
            }
        }
    }
    return missing;
}

const std::vector<double>& values_of(const Figures& figures, Figure which) {
    return which == Figure::p50 ? figures.p50_us : figures.p99_us;
}

/// A machine that is slower for a while is so for both.
double paired_ratio(const std::vector<double>& ours, const std::vector<double>& peer) {
    std::vector<double> ratios;
    for (std::size_t run = 0; run < ours.size(); ++run) {
        ratios.push_back(ours[run] / peer[run]);
    }
    return median(std::move(ratios));
}

Row row_of(const Group& group, const std::vector<Course>& courses, std::size_t bout,
           const Goal& goal, const Missing& missing) {
    Row row{.name = goal.name,
            .against = goal.own_bout ? group.bouts[*goal.own_bout].goals[0].name : group.peer->name,
            .goal = goal.most,
            .skipped = missing.ours};
    if (row.skipped.empty() && !goal.own_bout) {
        row.skipped = missing.peer;
    }
    if (row.skipped.empty()) {
        const Figures& other = goal.own_bout ? courses[*goal.own_bout].ours : courses[bout].peer;
        const auto& ours = values_of(courses[bout].ours, goal.figure);
        const auto& theirs = values_of(other, goal.figure);
        row.ours_us = median(ours);
        row.peer_us = median(theirs);
        row.ratio = paired_ratio(ours, theirs);
    }
    return row;
}

}  // namespace

Result<std::vector<Row>> measure(const Group& group, const MeasureOptions& options) {
    std::vector<Course> courses = plan(group, options);
    const bool wanted = std::any_of(courses.begin(), courses.end(),
                                    [](const Course& course) { return course.ours_wanted; });
    std::vector<Row> rows;
    if (!wanted) {
        return rows;
    }
    Missing missing;
    if (group.server_core == Core::second && core_count() < 2) {
        missing.ours = "needs two processors";
    } else {
        MRDA_ASSIGN(missing, run_all(group, courses, options.quick ? kQuickRuns : kRuns));
    }
    for (std::size_t bout = 0; bout < group.bouts.size(); ++bout) {
        for (const Goal& goal : group.bouts[bout].goals) {
            if (is_wanted(goal, options)) {
                rows.push_back(row_of(group, courses, bout, goal, missing));
            }
        }
    }
    return rows;
}

}  // namespace mrda::bench
