// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mrda/interop/result.h"
#include "mrda/ivshmem/doorbell_server.h"

namespace mrda::service {

/// The holder outlives the service, so they may be of different versions. Fields that came after
/// version 1 may be missing; a holder answers unsupported to kinds that it does not know, and says
/// nothing that the version of the service that it serves does not have. 0: from before versions.
inline constexpr std::uint32_t kDoorbellProtocol = 2;

/// What the doorbell holder is asked. It answers each, in order.
struct DoorbellRequest {
    enum class Kind : std::uint8_t {
        serve,        ///< Who asks is the service, from now on alone. Done.
        keep,         ///< Of the service: this region, as it is or anew. Kept.
        forget,       ///< Of the service: no such region any more. Done; busy, if a machine has it.
        end,          ///< Of the service: it ends in order. Done.
        want,         ///< Of the service: there is to be a region of that name, now or later. Done.
        forget_rest,  ///< Of the service: those that it did not want or keep since serve. Done.
        claim,  ///< The memory, for one machine, which has it while the connection lives. Kept.
        look,   ///< How a machine has that region now. Kept, without descriptors. Since version 2.
    };
    Kind kind = Kind::serve;
    std::string region;            ///< Its name. Of keep, forget, want, claim and look.
    std::uint64_t size_bytes = 0;  ///< Of keep, as the rest.
    std::uint32_t vectors = 0;
    std::uint32_t user = 0;     ///< Whose QEMU may have it, beside the service's.
    bool occupied = false;      ///< Of forget: also where a machine has it.
    std::uint32_t version = 0;  ///< Of serve: the service's.
};

/// How a virtual machine has a region.
enum class Machine : std::uint8_t {
    none,
    doorbell,  ///< By an ivshmem-doorbell device.
    plain,     ///< By memory alone: it can ring nobody, and be interrupted by nobody.
};

/// What the doorbell holder says: an answer, or what happened meanwhile to the service's regions.
struct DoorbellReply {
    enum class Kind : std::uint8_t { done, kept, failed, joined, left, refused };
    Kind kind = Kind::done;
    std::string region;  ///< Of kept, joined, left and refused.
    /// How one has it now. Of kept, joined, left and refused.
    Machine machine = Machine::none;
    /// How often one has come or gone, so far: what is said may leave out what was undone since.
    std::uint64_t changes = 0;
    std::string socket_path;     ///< Of kept: where QEMU connects.
    std::uint32_t vectors = 0;   ///< Of kept.
    bool made = false;           ///< Of kept: there was none of that name, or another.
    std::uint32_t version = 0;   ///< Of done, as serve's answer: the holder's.
    Errc code = Errc::internal;  ///< Of failed.
    std::string words;           ///< Of failed, joined, left and refused.
};

/// With kept, unless it answers look, come the memory and, if it answers keep, each vector's
/// eventfd of the host, then of the guest.
inline constexpr std::size_t kMaxDoorbellDescriptors =
    1 + 2 * static_cast<std::size_t>(ivshmem::kMaxVectors);

/// Each message is one datagram of JSON. Parsing takes any bytes. Errors: corrupt, naming the
/// field; unsupported (a request of a kind that came later).
std::string to_message(const DoorbellRequest& request);
std::string to_message(const DoorbellReply& reply);
Result<DoorbellRequest> parse_doorbell_request(std::string_view message);
Result<DoorbellReply> parse_doorbell_reply(std::string_view message);

}  // namespace mrda::service
