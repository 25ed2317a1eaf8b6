// SPDX-License-Identifier: MIT
#include "plugins.h"

#include <google/protobuf/util/json_util.h>

#include "mrda/interop/platform.h"
#include "mrda/interop/run_child.h"
#include "probe_program.h"

namespace mrda::ctl {

namespace {

/// A list of plugins is longer than what other children say.
constexpr std::size_t kMostAnswerBytes = std::size_t{1} << 24U;

constexpr std::uint64_t kProbeTimeoutNs = 60'000'000'000;

using Verdict = Finding::Verdict;

Finding finding_of(const v1::Plugin& plugin) {
    const std::string what = "plugin " + plugin.name();
    if (!plugin.refused().empty()) {
        return {Verdict::missing, what, plugin.refused(),
                "nothing, if no session needs it; else mend or remove it"};
    }
    // A plugin lists something, or is refused: what is left is devices that are not there.
    if (abilities_of(plugin).empty()) {
        return {Verdict::limited, what, "no devices found", "nothing, if no session needs one"};
    }
    return {Verdict::works, what, abilities_of(plugin), ""};
}

}  // namespace

Result<v1::ListPluginsReply> look_at_plugins(std::vector<std::string> folders) {
    if (folders.empty()) {
        MRDA_ASSIGN(const std::string own, software_driver_dir());
        folders.push_back(own + "/plugins");
    }
    std::vector<std::string> command{probe_program()};
    for (const std::string& folder : folders) {
        command.insert(command.end(), {"--plugins", folder});
    }
    MRDA_ASSIGN(const ChildOutcome child, run_child(command, kProbeTimeoutNs, kMostAnswerBytes));
    v1::ListPluginsReply reply;
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto parsed = google::protobuf::util::JsonStringToMessage(child.output, &reply, options);
    if (child.exit_code != 0 || !parsed.ok()) {
        return make_error(Errc::corrupt, "mrda-probe gave no list of plugins (exit code " +
                                             std::to_string(child.exit_code) +
                                             "); it starts only where all loaders are there");
    }
    return reply;
}

std::string abilities_of(const v1::Plugin& plugin) {
    std::string all;
    const auto add = [&all](const std::string& one) { all += (all.empty() ? "" : ", ") + one; };
    for (const v1::PluginKind& kind : plugin.kinds()) {
        std::string one = kind.type();
        for (const std::string& codec : kind.codecs()) {
            one += " " + codec;
        }
        add(one);
    }
    for (const v1::PluginUnit& unit : plugin.units()) {
        add("unit " + unit.name());
    }
    if (plugin.devices_size() > 0) {
        add(std::to_string(plugin.devices_size()) + " devices");
    }
    return all;
}

std::vector<Finding> plugins() {
    const auto listed = look_at_plugins({});
    if (!listed.ok()) {
        return {{Verdict::missing, "plugins", to_string(listed.error()),
                 "see to the loaders that are missing above, or build MRDA whole"}};
    }
    std::vector<Finding> findings;
    for (const v1::Plugin& plugin : listed->plugins()) {
        findings.push_back(finding_of(plugin));
    }
    for (const v1::PluginFolder& folder : listed->folders()) {
        findings.push_back({Verdict::missing, "plugins", folder.folder() + ": " + folder.refused(),
                            "build MRDA whole"});
    }
    return findings;
}

}  // namespace mrda::ctl
