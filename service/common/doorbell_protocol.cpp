// SPDX-License-Identifier: MIT
#include "doorbell_protocol.h"

#include <array>

#include "control_json.h"

namespace mrda::service {

namespace {

using nlohmann::json;

constexpr std::array<const char*, 8> kRequestNames{"serve", "keep",        "forget", "end",
                                                   "want",  "forget_rest", "claim",  "look"};
constexpr std::array<const char*, 6> kReplyNames{"done",   "kept", "failed",
                                                 "joined", "left", "refused"};
constexpr std::array<const char*, 3> kMachineNames{"none", "doorbell", "plain"};

}  // namespace

std::string to_message(const DoorbellRequest& request) {
    return dump_control_message({{"ask", kRequestNames[static_cast<std::size_t>(request.kind)]},
                                 {"region", request.region},
                                 {"size_bytes", request.size_bytes},
                                 {"vectors", request.vectors},
                                 {"user", request.user},
                                 {"occupied", request.occupied},
                                 {"version", request.version}});
}

std::string to_message(const DoorbellReply& reply) {
    return dump_control_message(
        {{"say", kReplyNames[static_cast<std::size_t>(reply.kind)]},
         {"region", reply.region},
         {"machine", kMachineNames[static_cast<std::size_t>(reply.machine)]},
         {"changes", reply.changes},
         {"socket_path", reply.socket_path},
         {"vectors", reply.vectors},
         {"made", reply.made},
         {"version", reply.version},
         {"code", static_cast<std::uint32_t>(reply.code)},
         {"words", reply.words.substr(0, kLongestTextBytes)}});
}

Result<DoorbellRequest> parse_doorbell_request(std::string_view message) {
    MRDA_ASSIGN(const json object, parse_control_message(message));
    DoorbellRequest request;
    std::string name;
    JsonReader reader(object);
    reader.get("ask", name);
    reader.get("region", request.region);
    reader.get("size_bytes", request.size_bytes);
    reader.get("vectors", request.vectors);
    reader.get("user", request.user);
    reader.get_if_there("occupied", request.occupied);
    reader.get_if_there("version", request.version);
    MRDA_TRY(reader.done());
    const auto kind = index_of(kRequestNames, name);
    if (!kind) {
        return make_error(Errc::unsupported,
                          "asked to \"" + name + "\", which this mrda-doorbell (protocol " +
                              std::to_string(kDoorbellProtocol) + ") does not know");
    }
    request.kind = static_cast<DoorbellRequest::Kind>(*kind);
    return request;
}

Result<DoorbellReply> parse_doorbell_reply(std::string_view message) {
    MRDA_ASSIGN(const json object, parse_control_message(message));
    DoorbellReply reply;
    std::string name;
    std::string machine_name;
    std::uint32_t code = 0;
    JsonReader reader(object);
    reader.get("say", name);
    reader.get("region", reply.region);
    reader.get("machine", machine_name);
    reader.get_if_there("changes", reply.changes);
    reader.get("socket_path", reply.socket_path);
    reader.get("vectors", reply.vectors);
    reader.get_if_there("made", reply.made);
    reader.get_if_there("version", reply.version);
    reader.get("code", code);
    reader.get("words", reply.words);
    MRDA_TRY(reader.done());
    const auto kind = index_of(kReplyNames, name);
    const auto machine = index_of(kMachineNames, machine_name);
    if (!kind || !machine || code > static_cast<std::uint32_t>(Errc::internal)) {
        return bad_field(!kind ? "say" : !machine ? "machine" : "code");
    }
    reply.kind = static_cast<DoorbellReply::Kind>(*kind);
    reply.machine = static_cast<Machine>(*machine);
    reply.code = static_cast<Errc>(code);
    return reply;
}

}  // namespace mrda::service
