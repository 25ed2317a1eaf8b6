// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// The longest datagram between the service's processes.
inline constexpr std::size_t kMaxMessageBytes = 8192;
/// The most descriptors that come with one, where a call says no other number.
inline constexpr std::size_t kMaxDescriptors = 4;
/// The most that may be said: unix(7), SCM_RIGHTS.
inline constexpr std::size_t kMostDescriptors = 253;

/// A connected pair of SOCK_SEQPACKET sockets, close-on-exec. Errors: exhausted, io.
struct SocketPair {
    Fd ours;
    Fd theirs;
};
Result<SocketPair> make_control_sockets();

/// One whole message, with copies of `descriptors`, at most `most`, which are borrowed.
/// Does not wait for the other side to read: a full socket is `busy`.
Result<void> send_message(int socket, std::string_view message,
                          std::span<const int> descriptors = {},
                          std::size_t most = kMaxDescriptors);

/// The next message; waits for it, unless the socket does not block (then nothing: none is there).
/// Descriptors that came with it are dropped. Errors: end_of_stream (the other side is gone),
/// corrupt (too long).
Result<std::optional<std::string>> receive_message(int socket);

/// The same, for who expects descriptors: they come close-on-exec. Waits; where the socket does not
/// block and none is there, `busy`. Errors: as above; corrupt (more than `most`).
struct MessageWithDescriptors {
    std::string text;
    std::vector<Fd> descriptors;
};
Result<MessageWithDescriptors> receive_with_descriptors(int socket,
                                                        std::size_t most = kMaxDescriptors);

}  // namespace mrda::service
