// SPDX-License-Identifier: MIT
// What every gRPC client can ask of a service without knowing it: health and reflection.
//     standard_calls ADDRESS
// Prints the health ("serving", "not serving", "no answer"), and then a line for each service that
// reflection lists. In raw bytes, because their messages' headers are not packaged.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

namespace {

constexpr std::chrono::seconds kPatience{20};

grpc::ByteBuffer buffer_of(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return {&slice, 1};
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
    grpc::Slice slice;
    return buffer.DumpToSingleSlice(&slice).ok()
               ? std::string(reinterpret_cast<const char*>(slice.begin()), slice.size())
               : std::string();
}

/// One message there, one back, on a stream or not: the wire is the same.
std::string ask(grpc::GenericStub& stub, const std::string& method, const std::string& message) {
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto call = stub.PrepareCall(&context, method, &queue);
    void* tag = nullptr;
    bool ok = false;
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->StartCall(nullptr);
    queue.Next(&tag, &ok);
    call->WriteLast(buffer_of(message), {}, nullptr);
    queue.Next(&tag, &ok);
    call->Read(&answer, nullptr);
    queue.Next(&tag, &ok);
    const std::string bytes = ok ? bytes_of(answer) : std::string();
    call->Finish(&status, nullptr);
    queue.Next(&tag, &ok);
    if (!status.ok()) {
        std::fprintf(stderr, "%s: %s\n", method.c_str(), status.error_message().c_str());
    }
    return bytes;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: standard_calls ADDRESS\n", stderr);
        return 2;
    }
    grpc::GenericStub stub(grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
    // HealthCheckResponse: field 1, a number; 1 is SERVING, 2 NOT_SERVING.
    const std::string health = ask(stub, "/grpc.health.v1.Health/Check", "");
    std::puts(health == "\x08\x01"   ? "serving"
              : health == "\x08\x02" ? "not serving"
                                     : "no answer");
    // ServerReflectionRequest: field 7, list_services, an empty text.
    const std::string listed =
        ask(stub, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            std::string("\x3a\x00", 2));
    for (const char* name : {"grpc.health.v1.Health", "mrda.v1.Admin", "mrda.v1.Sessions"}) {
        if (listed.find(name) != std::string::npos) {
            std::puts(name);
        }
    }
    return 0;
}
