// SPDX-License-Identifier: MIT
#include <sstream>

#include "print.h"
#include "text.h"

namespace mrda::ctl {

namespace {

using nlohmann::ordered_json;

template <typename Texts>
std::string joined(const Texts& texts, const char* between) {
    std::string all;
    for (const std::string& text : texts) {
        all += (all.empty() ? "" : between) + text;
    }
    return all;
}

template <typename Formats>
std::string formats_of(const Formats& formats, const std::string& memory) {
    std::vector<std::string> each;
    for (const v1::PluginFormat& format : formats) {
        each.push_back(format.name() + " (" + std::to_string(format.bits_per_pixel()) + " bpp)");
    }
    return joined(each, ", ") + " in " + memory;
}

std::string kind_line(const v1::PluginKind& kind) {
    std::string line = kind.type();
    line += kind.codecs().empty() ? "" : " " + joined(kind.codecs(), ", ");
    if (kind.inputs_size() > 0) {
        line += "; takes " + formats_of(kind.inputs(), joined(kind.input_memory(), " or "));
    }
    if (kind.outputs_size() > 0) {
        line += "; gives " + formats_of(kind.outputs(), joined(kind.output_memory(), " or "));
    }
    return line + (kind.unit().empty() ? "" : "; on unit " + kind.unit());
}

std::string unit_line(const v1::PluginUnit& unit) {
    return "unit " + unit.name() + "(" + joined(unit.arguments(), ", ") + "), " +
           std::to_string(unit.in_flight()) + " in flight; " +
           (unit.runs_here() ? "on this machine's processors, " : "") +
           std::to_string(unit.images()) + " images";
}

std::string device_line(const v1::PluginDevice& device) {
    if (!device.refused().empty()) {
        return "device refused: " + device.refused();
    }
    std::vector<std::string> banks;
    for (const v1::PluginBank& bank : device.banks()) {
        banks.push_back(bank.name() + " (" + joined(bank.memory(), " or ") + ")");
    }
    return "device " + device.name() + (device.address().empty() ? "" : " at " + device.address()) +
           ": " + joined(banks, ", ");
}

std::vector<std::string> details_of(const v1::Plugin& plugin) {
    if (!plugin.shadowed_by().empty()) {
        return {"not used: " + plugin.shadowed_by() + " has one of that name and comes first"};
    }
    if (!plugin.refused().empty()) {
        return {"refused: " + plugin.refused()};
    }
    std::vector<std::string> lines;
    for (const v1::PluginKind& kind : plugin.kinds()) {
        lines.push_back(kind_line(kind));
    }
    for (const v1::PluginUnit& unit : plugin.units()) {
        lines.push_back(unit_line(unit));
    }
    for (const v1::PluginDevice& device : plugin.devices()) {
        lines.push_back(device_line(device));
    }
    return lines;
}

/// A line for each plugin, below one of titles.
std::string heads_of(const v1::ListPluginsReply& reply, bool with_load) {
    std::vector<std::vector<std::string>> rows{
        {"NAME", "VERSION", "ABI", "SESSIONS", "PIXELS/S", "FOLDER"}};
    for (const v1::Plugin& plugin : reply.plugins()) {
        const bool loads = plugin.refused().empty() && plugin.shadowed_by().empty();
        const auto cell = [](bool known, const std::string& text) { return known ? text : "-"; };
        const bool load_known = loads && with_load;
        rows.push_back({plugin.name(), cell(loads, plugin.version()),
                        cell(loads, std::to_string(plugin.abi())),
                        cell(load_known, std::to_string(plugin.sessions())),
                        cell(load_known, std::to_string(plugin.pixels_per_second_reserved())),
                        plugin.folder()});
    }
    return table(rows);
}

template <typename Texts>
ordered_json list_of(const Texts& texts) {
    return ordered_json(std::vector<std::string>(texts.begin(), texts.end()));
}

template <typename Formats>
ordered_json json_formats(const Formats& formats) {
    ordered_json list = ordered_json::array();
    for (const v1::PluginFormat& format : formats) {
        list.push_back({{"name", format.name()}, {"bits_per_pixel", format.bits_per_pixel()}});
    }
    return list;
}

ordered_json json_of(const v1::PluginKind& kind) {
    return {{"type", kind.type()},
            {"codecs", list_of(kind.codecs())},
            {"inputs", json_formats(kind.inputs())},
            {"outputs", json_formats(kind.outputs())},
            {"input_memory", list_of(kind.input_memory())},
            {"output_memory", list_of(kind.output_memory())},
            {"unit", kind.unit()}};
}

ordered_json json_of(const v1::PluginUnit& unit) {
    return {{"name", unit.name()},           {"arguments", list_of(unit.arguments())},
            {"in_flight", unit.in_flight()}, {"register_bytes", unit.register_bytes()},
            {"images", unit.images()},       {"runs_here", unit.runs_here()}};
}

ordered_json json_of(const v1::PluginDevice& device) {
    ordered_json banks = ordered_json::array();
    for (const v1::PluginBank& bank : device.banks()) {
        banks.push_back({{"name", bank.name()},
                         {"memory", list_of(bank.memory())},
                         {"size_bytes", bank.size_bytes()}});
    }
    return {{"name", device.name()},
            {"address", device.address()},
            {"banks", banks},
            {"refused", device.refused()}};
}

ordered_json json_of(const v1::Plugin& plugin);
ordered_json json_of(const v1::PluginFolder& folder);

template <typename Messages>
ordered_json json_list(const Messages& messages) {
    ordered_json list = ordered_json::array();
    for (const auto& message : messages) {
        list.push_back(json_of(message));
    }
    return list;
}

ordered_json json_of(const v1::Plugin& plugin) {
    return {{"name", plugin.name()},
            {"folder", plugin.folder()},
            {"version", plugin.version()},
            {"abi", plugin.abi()},
            {"kinds", json_list(plugin.kinds())},
            {"units", json_list(plugin.units())},
            {"devices", json_list(plugin.devices())},
            {"refused", plugin.refused()},
            {"shadowed_by", plugin.shadowed_by()}};
}

ordered_json json_of(const v1::PluginFolder& folder) {
    return {{"folder", folder.folder()}, {"refused", folder.refused()}};
}

}  // namespace

std::string Printer::plugins(const v1::ListPluginsReply& reply, bool with_load) const {
    if (json) {
        ordered_json list = json_list(reply.plugins());
        for (int i = 0; with_load && i < reply.plugins_size(); ++i) {
            ordered_json& plugin = list[static_cast<std::size_t>(i)];
            plugin["sessions"] = reply.plugins(i).sessions();
            plugin["pixels_per_second_reserved"] = reply.plugins(i).pixels_per_second_reserved();
        }
        return dump({{"plugins", list}, {"folders", json_list(reply.folders())}});
    }
    std::istringstream heads(heads_of(reply, with_load));
    std::string line;
    std::getline(heads, line);
    std::string text = line + "\n";
    for (const v1::Plugin& plugin : reply.plugins()) {
        std::getline(heads, line);
        text += line + "\n";
        for (const std::string& detail : details_of(plugin)) {
            text += "    " + detail + "\n";
        }
    }
    for (const v1::PluginFolder& folder : reply.folders()) {
        text += "folder " + folder.folder() + ": " + folder.refused() + "\n";
    }
    return text;
}

}  // namespace mrda::ctl
