// SPDX-License-Identifier: MIT
#include "plugin_catalogue.h"

#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "log.h"
#include "mrda/interop/run_child.h"

namespace mrda::service {

namespace {

/// A list of plugins is longer than what other children say.
constexpr std::size_t kMostAnswerBytes = std::size_t{1} << 24U;

/// For all plugins; the probe gives each its own time.
constexpr std::uint64_t kProbeTimeoutNs = 60'000'000'000;

Result<v1::ListPluginsReply> probe(const std::string& program,
                                   const std::vector<std::string>& folders) {
    std::vector<std::string> command{program};
    for (const std::string& folder : folders) {
        command.insert(command.end(), {"--plugins", folder});
    }
    MRDA_ASSIGN(const ChildOutcome child, run_child(command, kProbeTimeoutNs, kMostAnswerBytes));
    if (child.exit_code != 0) {
        return make_error(Errc::io, "mrda-probe ended with exit code " +
                                        std::to_string(child.exit_code) + ", signal " +
                                        std::to_string(child.signal));
    }
    return parse_plugins(child.output);
}

void add_file(const std::string& path, std::string& signature) {
    struct stat status {};
    signature += path;
    if (::stat(path.c_str(), &status) == 0) {
        for (const std::uint64_t part :
             {static_cast<std::uint64_t>(status.st_mtim.tv_sec),
              static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
              static_cast<std::uint64_t>(status.st_ino), static_cast<std::uint64_t>(status.st_size),
              std::uint64_t{status.st_mode}, std::uint64_t{status.st_uid},
              std::uint64_t{status.st_gid}}) {
            signature += " " + std::to_string(part);
        }
    }
    signature += "\n";
}

void log(const Result<v1::ListPluginsReply>& found) {
    if (!found.ok()) {
        Log::warn("plugins", {{"error", to_string(found.error())}});
        return;
    }
    std::string names;
    for (const v1::Plugin& plugin : found->plugins()) {
        if (!plugin.refused().empty()) {
            Log::warn("plugin refused", {{"plugin", plugin.name()},
                                         {"folder", plugin.folder()},
                                         {"why", plugin.refused()}});
        } else if (plugin.shadowed_by().empty()) {
            names += (names.empty() ? "" : ",") + plugin.name();
        }
    }
    for (const v1::PluginFolder& folder : found->folders()) {
        Log::warn("plugin folder", {{"folder", folder.folder()}, {"why", folder.refused()}});
    }
    Log::info("plugins", {{"names", names.empty() ? "none" : names}});
}

}  // namespace

Result<v1::ListPluginsReply> parse_plugins(std::string_view probe_output) {
    v1::ListPluginsReply reply;
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto parsed = google::protobuf::util::JsonStringToMessage(
        {probe_output.data(), probe_output.size()}, &reply, options);
    if (!parsed.ok()) {
        return make_error(Errc::corrupt, "mrda-probe's list of plugins cannot be read: " +
                                             std::string(parsed.message()));
    }
    return reply;
}

PluginCatalogue::PluginCatalogue(EventLoop& loop, std::string probe_program,
                                 std::vector<std::string> folders)
    : loop_(loop), probe_program_(std::move(probe_program)), folders_(std::move(folders)) {}

PluginCatalogue::~PluginCatalogue() {
    if (looking_.joinable()) {
        looking_.join();
    }
}

void PluginCatalogue::list(bool again, Listed listed) {
    if (closed_) {
        listed(make_error(Errc::end_of_stream, "the service is ending"));
        return;
    }
    waiting_.push_back(std::move(listed));
    if (looking_.joinable()) {
        outdated_ = outdated_ || again || seen_ != signature();
        return;
    }
    if (again || !known_ || !known_->ok() || seen_ != signature()) {
        look();
    } else {
        answer();
    }
}

void PluginCatalogue::look() {
    seen_ = signature();
    looking_ = std::thread([this] {
        loop_.post([this, found = probe(probe_program_, folders_)]() mutable {
            looked(std::move(found));
        });
    });
}

void PluginCatalogue::looked(Result<v1::ListPluginsReply> found) {
    looking_.join();
    log(found);
    known_.emplace(std::move(found));
    if (std::exchange(outdated_, false) && !closed_) {
        look();
    } else {
        answer();
    }
}

void PluginCatalogue::answer() {
    for (const Listed& listed : std::exchange(waiting_, {})) {
        listed(*known_);
    }
}

void PluginCatalogue::close() {
    closed_ = true;
    for (const Listed& listed : std::exchange(waiting_, {})) {
        listed(make_error(Errc::end_of_stream, "the service is ending"));
    }
}

std::string PluginCatalogue::signature() const {
    std::string found;
    for (const std::string& folder : folders_) {
        add_file(folder, found);
        std::vector<std::string> files;
        std::error_code error;
        std::filesystem::directory_iterator entry(folder, error);
        while (!error && entry != std::filesystem::directory_iterator()) {
            files.push_back(entry->path().string());
            entry.increment(error);
        }
        std::sort(files.begin(), files.end());
        for (const std::string& file : files) {
            add_file(file, found);
        }
    }
    return found;
}

}  // namespace mrda::service
