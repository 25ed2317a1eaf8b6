// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/pipeline.h"

namespace media_pipeline {

/// For people or, with `json`, for programs.
void print_report(const mrda::media::Pipeline& pipeline, std::uint64_t packets, std::uint64_t bytes,
                  bool json);

/// What happened, as trace viewers read it: the "Trace Event Format", a row for each stage.
class Trace {
  public:
    void add(const mrda::media::TraceEvent& event) { events_.push_back(event); }
    /// Errors: what the system says.
    mrda::Result<void> write(const std::string& path) const;

  private:
    std::vector<mrda::media::TraceEvent> events_;
};

}  // namespace media_pipeline
