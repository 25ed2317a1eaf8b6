// SPDX-License-Identifier: MIT
#include "print.h"

#include <algorithm>
#include <cstdio>

#include "text.h"

namespace mrda::ctl {

namespace {

using nlohmann::ordered_json;

const char* name_of(Finding::Verdict verdict) {
    switch (verdict) {
        case Finding::Verdict::works:
            return "works";
        case Finding::Verdict::limited:
            return "limited";
        case Finding::Verdict::missing:
            break;
    }
    return "missing";
}

std::string state_of(const v1::SessionStatus& session) {
    std::string name = v1::SessionState_Name(session.state());
    constexpr std::string_view kPrefix = "SESSION_STATE_";
    name.erase(0, name.rfind(kPrefix, 0) == 0 ? kPrefix.size() : 0);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

std::string percent(double part) {
    char text[16];
    std::snprintf(text, sizeof text, "%.0f %%", part * 100);
    return text;
}

}  // namespace

std::string Printer::findings(const std::vector<Finding>& findings) const {
    if (json) {
        ordered_json list = ordered_json::array();
        for (const Finding& finding : findings) {
            list.push_back({{"what", finding.what},
                            {"verdict", name_of(finding.verdict)},
                            {"found", finding.found},
                            {"mend", finding.mend}});
        }
        return dump(list);
    }
    std::string text;
    for (const Finding& finding : findings) {
        char head[64];
        std::snprintf(head, sizeof head, "%-8s %s: ", name_of(finding.verdict),
                      finding.what.c_str());
        text += head + finding.found + "\n";
        if (!finding.mend.empty()) {
            text += "         -> " + finding.mend + "\n";
        }
    }
    return text;
}

std::string Printer::size(const RegionSize& size) const {
    if (json) {
        return dump({{"layout", size.layout},
                     {"slot_bytes", size.slot_bytes},
                     {"input_bytes", size.input_bytes},
                     {"output_bytes", size.output_bytes},
                     {"region_bytes", size.region_bytes}});
    }
    return table({{"frame", size.layout},
                  {"slot", std::to_string(size.slot_bytes) + " bytes"},
                  {"in device", std::to_string(size.input_bytes) + " bytes"},
                  {"out device", std::to_string(size.output_bytes) + " bytes"},
                  {"one device for both", std::to_string(size.region_bytes) + " bytes (" +
                                              std::to_string(size.region_bytes >> 20U) + " MiB)"}});
}

std::string Printer::sessions(const v1::ListReply& reply) const {
    if (json) {
        ordered_json list = ordered_json::array();
        for (const v1::SessionStatus& session : reply.sessions()) {
            list.push_back({{"id", session.session_id()},
                            {"state", state_of(session)},
                            {"vm", session.vm()},
                            {"codec", session.codec()},
                            {"width", session.width_px()},
                            {"height", session.height_px()},
                            {"path", session.path()},
                            {"path_reason", session.path_reason()},
                            {"implementation", session.implementation()},
                            {"guest_woken_by", session.guest_woken_by()},
                            {"host_woken_by", session.host_woken_by()},
                            {"frames", session.frames()},
                            {"packets", session.packets()},
                            {"bitstream_bytes", session.bitstream_bytes()},
                            {"cpu_copied_bytes", session.cpu_copied_bytes()},
                            {"codec_copied_bytes", session.codec_copied_bytes()},
                            {"failure", session.failure()}});
        }
        return dump(list);
    }
    std::vector<std::vector<std::string>> rows{
        {"ID", "STATE", "VM", "CODEC", "SIZE", "PATH", "FRAMES", "PACKETS", "BYTES"}};
    std::string failures;
    for (const v1::SessionStatus& session : reply.sessions()) {
        rows.push_back(
            {std::to_string(session.session_id()), state_of(session), session.vm(), session.codec(),
             std::to_string(session.width_px()) + "x" + std::to_string(session.height_px()),
             session.path().empty() ? "-" : session.path(), std::to_string(session.frames()),
             std::to_string(session.packets()), std::to_string(session.bitstream_bytes())});
        if (!session.failure().empty()) {
            failures += std::to_string(session.session_id()) + ": " + session.failure() + "\n";
        }
    }
    return table(rows) + failures;
}

std::string Printer::resources(const v1::ResourcesReply& reply) const {
    if (json) {
        ordered_json devices = ordered_json::array();
        for (const v1::Device& device : reply.devices()) {
            devices.push_back({{"pci_address", device.pci_address()},
                               {"name", device.name()},
                               {"engine_load", device.engine_load()},
                               {"sessions", device.sessions()}});
        }
        return dump({{"platform", reply.platform()},
                     {"cpu_load", reply.cpu_load()},
                     {"cpu_count", reply.cpu_count()},
                     {"memory_total_bytes", reply.memory_total_bytes()},
                     {"memory_available_bytes", reply.memory_available_bytes()},
                     {"pixels_per_second_reserved", reply.pixels_per_second_reserved()},
                     {"pixels_per_second_ceiling", reply.pixels_per_second_ceiling()},
                     {"region_bytes_used", reply.region_bytes_used()},
                     {"sessions", reply.sessions()},
                     {"devices", devices}});
    }
    std::vector<std::vector<std::string>> rows(
        {{"platform", reply.platform()},
         {"processor",
          percent(reply.cpu_load()) + " of " + std::to_string(reply.cpu_count()) + " cores"},
         {"memory", std::to_string(reply.memory_available_bytes() >> 20U) + " of " +
                        std::to_string(reply.memory_total_bytes() >> 20U) + " MiB available"},
         {"pixels per second", std::to_string(reply.pixels_per_second_reserved()) +
                                   " reserved of " +
                                   std::to_string(reply.pixels_per_second_ceiling())},
         {"regions", std::to_string(reply.region_bytes_used() >> 20U) + " MiB in use"},
         {"sessions", std::to_string(reply.sessions())}});
    for (const v1::Device& device : reply.devices()) {
        rows.push_back({device.pci_address(),
                        device.name() + ", " + std::to_string(device.sessions()) + " sessions, " +
                            (device.engine_load() < 0 ? "load not known"
                                                      : percent(device.engine_load()) + " busy")});
    }
    return table(rows);
}

}  // namespace mrda::ctl
