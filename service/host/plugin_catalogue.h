// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "event_loop.h"
#include "mrda/interop/result.h"
#include "mrda/v1/admin.pb.h"

namespace mrda::service {

/// Out of the JSON of mrda-probe --plugins. Errors: corrupt.
Result<v1::ListPluginsReply> parse_plugins(std::string_view probe_output);

/// What the plugins of some folders can do, as mrda-probe says: it loads them, this process does
/// not. For the loop's thread.
class PluginCatalogue {
  public:
    using Listed = std::function<void(const Result<v1::ListPluginsReply>&)>;

    PluginCatalogue(EventLoop& loop, std::string probe_program, std::vector<std::string> folders);
    /// Waits for a look that is under way.
    ~PluginCatalogue();
    PluginCatalogue(const PluginCatalogue&) = delete;
    PluginCatalogue& operator=(const PluginCatalogue&) = delete;

    /// Calls `listed` once: now with what is known, or after another look, if `again` or a file has
    /// changed. Errors: end_of_stream (close() came first), and what running the probe says.
    void list(bool again, Listed listed);
    /// Answers whoever waits, and all who ask from now on.
    void close();

  private:
    /// Times, sizes and owners of all that could make another answer.
    [[nodiscard]] std::string signature() const;
    void look();
    void answer();
    void looked(Result<v1::ListPluginsReply> found);

    EventLoop& loop_;
    std::string probe_program_;
    std::vector<std::string> folders_;
    std::optional<Result<v1::ListPluginsReply>> known_;
    std::string seen_;  // The signature before the look.
    std::vector<Listed> waiting_;
    std::thread looking_;
    bool outdated_ = false;  // What the look under way finds is not enough.
    bool closed_ = false;
};

}  // namespace mrda::service
