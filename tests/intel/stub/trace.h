// SPDX-License-Identifier: MIT
#pragma once

namespace mrda::stub {

/// Writes a line to the trace, if one is asked for: an event of the kernel's, with its name, then
/// key=value words, then "->" and what came of it. Objects go by number; addresses stand behind a
/// '@' and nowhere else, so that whoever compares traces can mask them. docs/guides/intel.md lists
/// the events.
[[gnu::format(printf, 1, 2)]] void trace(const char* format, ...);
bool is_traced();
/// Whether that is the trace's own descriptor, which nobody else may close.
bool is_trace_descriptor(int fd);

/// The file name of the library that `code` lies in, for "by=".
const char* library_of(const void* code);

}  // namespace mrda::stub
