// SPDX-License-Identifier: MIT
#include "report.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace media_pipeline {

namespace {

using mrda::media::StageReport;
using mrda::media::TraceEvent;

double ms_per_frame(const StageReport& report) {
    const std::uint64_t frames = report.frames_sent == 0 ? 1 : report.frames_sent;
    return static_cast<double>(report.busy_ns) / static_cast<double>(frames) / 1e6;
}

nlohmann::json to_json(const StageReport& report) {
    return {{"implementation", report.session.implementation},
            {"hand_over", report.hand_over.in_place ? "in place" : "copy"},
            {"reason", report.hand_over.reason},
            {"copied_bytes", report.copied_bytes},
            {"cpu_copied_bytes", report.session.cpu_copied_bytes},
            {"path", report.session.path},
            {"frames", report.frames_sent},
            {"ms_per_frame", ms_per_frame(report)}};
}

}  // namespace

void print_report(const mrda::media::Pipeline& pipeline, std::uint64_t packets, std::uint64_t bytes,
                  bool json) {
    const auto reports = pipeline.reports();
    const mrda::media::Reservation& place = pipeline.reservation();
    if (json) {
        nlohmann::json told = {{"packets", packets},
                               {"bytes", bytes},
                               {"device", place.device()},
                               {"bank", place.bank()},
                               {"copied_bytes", pipeline.copied_bytes()}};
        for (const StageReport& report : reports) {
            told["stages"].push_back(to_json(report));
        }
        std::printf("%s\n", told.dump(2).c_str());
        return;
    }
    std::printf("device %u, bank %u%s%s\n", place.device(), place.bank(),
                place.shares_memory() ? "" : ": ", place.why_not().c_str());
    for (const StageReport& report : reports) {
        std::printf("  %-40s %7.3f ms a frame, frames %s%s\n", report.session.implementation,
                    ms_per_frame(report), report.hand_over.in_place ? "in place" : "copied: ",
                    report.hand_over.reason.c_str());
    }
    std::printf("%llu packets, %llu bytes; %llu bytes copied between stages\n",
                static_cast<unsigned long long>(packets), static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(pipeline.copied_bytes()));
}

mrda::Result<void> Trace::write(const std::string& path) const {
    nlohmann::json list = nlohmann::json::array();
    for (const TraceEvent& event : events_) {
        list.push_back({{"name", event.call == TraceEvent::Call::send ? "send" : "receive"},
                        {"ph", "X"},
                        {"pid", 1},
                        {"tid", event.stage},
                        {"ts", static_cast<double>(event.begin_ns) / 1e3},
                        {"dur", static_cast<double>(event.end_ns - event.begin_ns) / 1e3},
                        {"args", {{"pts", event.pts}}}});
    }
    std::ofstream file(path);
    file << nlohmann::json{{"traceEvents", std::move(list)}}.dump() << '\n';
    file.close();
    if (!file) {
        return mrda::os_error("write", errno, "cannot write the trace to " + path);
    }
    return {};
}

}  // namespace media_pipeline
