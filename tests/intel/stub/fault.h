// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mrda::stub {

/// What is to go wrong: "WHAT:WHEN:HOW", several with a ',' between them.
///   WHAT  "*" for any ioctl of a node, its name in the trace (GEM_CREATE), or "open" for opening a
///   node WHEN  the n-th of them in this process, from 1, or "*" for each HOW   ENOMEM, EINVAL,
///   EIO, EINTR, EACCES, ENOSYS, ENODEV, ENOENT: that call fails so, and has no effect;
///         LOST: from that call on the device is lost: i915 refuses what would run on it, xe
///         everything; HANG: no stream is executed from there on; the kernel resets the device,
///         reports it, and refuses the next submissions.
struct Fault {
    enum class Effect : std::uint8_t { error, lost, hang };

    std::string what;
    unsigned long when = 0;  ///< 0: each.
    Effect effect = Effect::error;
    int error = 0;  ///< Of Effect::error.
};

/// Nothing where `text` is no such list.
std::vector<Fault> parse_faults(std::string_view text);

/// Counts a call of `name`, and says how it is to fail: 0 or a negative errno. Traces a failure.
int fault_of(const char* name);
/// Traces the faults whose call was never made.
void tell_unreached_faults();
/// Whether each call of `name` fails: what the kernel lacks, it does not offer either.
bool is_lacking(const char* name);
/// Whether the device hangs, or is lost: no stream is executed any more.
bool is_stopped();
bool is_lost();

}  // namespace mrda::stub
