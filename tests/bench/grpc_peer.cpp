// SPDX-License-Identifier: MIT
// Frames in a gRPC stream, as quick as gRPC has it: raw byte buffers over a unix socket, slices
// that point to the sender's memory, no message type, completion queues polled by the caller, and
// windows and HTTP/2 frames that a picture fits into.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "peer.h"

namespace mrda::bench {

namespace {

/// Their addresses are what a completion queue tells events apart by.
struct Tags {
    char started;
    char sent;
    char received;
    char finished;
};

/// The next event's tag; null: the queue is shut down, or the operation failed.
const void* next_of(grpc::CompletionQueue& queue) {
    void* tag = nullptr;
    bool good = false;
    return queue.Next(&tag, &good) && good ? tag : nullptr;
}

grpc::ByteBuffer buffer_over(const void* memory, std::size_t size_bytes) {
    const grpc::Slice slice(memory, size_bytes, grpc::Slice::STATIC_SLICE);
    return {&slice, 1};
}

/// The beginning of what came, which lies in slices, in one piece. How much there was.
std::size_t gather(const grpc::ByteBuffer& buffer, std::uint8_t* into, std::size_t most_bytes) {
    std::vector<grpc::Slice> slices;
    static_cast<void>(buffer.Dump(&slices).ok());
    std::size_t total = 0;
    for (const grpc::Slice& slice : slices) {
        const std::size_t count = std::min(slice.size(), most_bytes - total);
        std::memcpy(into + total, slice.begin(), count);
        total += count;
        if (total == most_bytes) {
            break;
        }
    }
    return total;
}

std::uint64_t first_bytes_of(const grpc::ByteBuffer& buffer) {
    std::uint64_t first = 0;
    gather(buffer, reinterpret_cast<std::uint8_t*>(&first), sizeof first);
    return first;
}

/// What made a difference of all that can be set, for both ends.
template <typename Set>
void tune(Set set) {
    constexpr int kWindowBytes = 1 << 24;
    set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
    set(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kWindowBytes - 1);
    set(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, kWindowBytes);
    set(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1);
}

class GrpcClient final : public Client {
  public:
    explicit GrpcClient(const std::string& address)
        : stub_(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), options())) {
    }

    Result<void> begin(const Exchange& exchange) override;
    Result<void> prepare(std::uint64_t number) override {
        number_ = number;
        std::memcpy(filled_ ? source_.data() : frame_.data(), &number_, sizeof number_);
        return {};
    }
    Result<void> round_trip() override;
    Result<void> finish() override {
        return first_bytes_of(reply_) == number_
                   ? Result<void>()
                   : make_error(Errc::corrupt, "gRPC: the server saw another frame than was sent");
    }
    Result<void> end() override;

  private:
    static grpc::ChannelArguments options() {
        grpc::ChannelArguments arguments;
        tune([&](const char* name, int value) { arguments.SetInt(name, value); });
        return arguments;
    }
    Result<void> await(const char& tag) {
        return next_of(queue_) == &tag ? Result<void>() : make_error(Errc::io, "gRPC: call failed");
    }

    Tags tags_{};
    grpc::GenericStub stub_;
    grpc::CompletionQueue queue_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
    bool filled_ = false;
    std::vector<std::uint8_t> source_;
    std::vector<std::uint8_t> frame_;
    std::uint64_t number_ = 0;
    grpc::ByteBuffer reply_;
};

Result<void> GrpcClient::begin(const Exchange& exchange) {
    filled_ = exchange.filled != 0;
    source_.assign(exchange.payload_bytes, 1);
    frame_ = source_;
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_wait_for_ready(true);
    stream_ = stub_.PrepareCall(context_.get(), "/mrda.bench/Frames", &queue_);
    stream_->StartCall(&tags_.started);
    return await(tags_.started);
}

Result<void> GrpcClient::round_trip() {
    if (filled_) {
        std::memcpy(frame_.data(), source_.data(), frame_.size());
    }
    stream_->Read(&reply_, &tags_.received);
    stream_->Write(buffer_over(frame_.data(), frame_.size()), &tags_.sent);
    for (bool sent = false, received = false; !sent || !received;) {
        const void* const tag = next_of(queue_);
        if (tag == nullptr) {
            return make_error(Errc::io, "gRPC: the stream broke");
        }
        sent = sent || tag == &tags_.sent;
        received = received || tag == &tags_.received;
    }
    return {};
}

Result<void> GrpcClient::end() {
    grpc::Status status;
    stream_->WritesDone(&tags_.sent);
    MRDA_TRY(await(tags_.sent));
    stream_->Finish(&status, &tags_.finished);
    MRDA_TRY(await(tags_.finished));
    return status.ok() ? Result<void>()
                       : make_error(Errc::io, "gRPC: the stream ended: " + status.error_message());
}

/// Answers one stream after the other, on a thread of its own.
class GrpcServer final : public Server {
  public:
    explicit GrpcServer(const std::string& address) {
        grpc::ServerBuilder builder;
        builder.AddListeningPort(address, grpc::InsecureServerCredentials());
        tune([&](const char* name, int value) { builder.AddChannelArgument(name, value); });
        builder.RegisterAsyncGenericService(&service_);
        queue_ = builder.AddCompletionQueue();
        server_ = builder.BuildAndStart();
        thread_ = std::thread([this] {
            while (server_ != nullptr && answer_stream()) {
            }
        });
    }
    ~GrpcServer() override {
        if (server_ != nullptr) {
            server_->Shutdown(std::chrono::system_clock::now());
        }
        queue_->Shutdown();
        thread_.join();
        void* tag = nullptr;
        for (bool good = false; queue_->Next(&tag, &good);) {
        }
    }
    GrpcServer(const GrpcServer&) = delete;
    GrpcServer& operator=(const GrpcServer&) = delete;

    [[nodiscard]] bool listens() const { return server_ != nullptr; }
    Result<void> serve(const Exchange& exchange) override {
        frame_bytes_ = exchange.filled != 0 ? exchange.payload_bytes : 0;
        return {};
    }

  private:
    bool answer_stream();
    std::uint64_t take_in(const grpc::ByteBuffer& frame);

    Tags tags_{};
    grpc::AsyncGenericService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::atomic<std::uint64_t> frame_bytes_ = 0;
    std::vector<std::uint8_t> frame_;
    std::thread thread_;
};

/// Where the whole way of a frame is timed, it ends as a codec wants it: in one piece.
std::uint64_t GrpcServer::take_in(const grpc::ByteBuffer& frame) {
    frame_.resize(frame_bytes_);
    gather(frame, frame_.data(), frame_.size());
    return first_bytes_of(frame);
}

bool GrpcServer::answer_stream() {
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream(&context);
    service_.RequestCall(&context, &stream, queue_.get(), queue_.get(), &tags_.started);
    if (next_of(*queue_) != &tags_.started) {
        return false;
    }
    Token token;
    for (;;) {
        grpc::ByteBuffer frame;
        stream.Read(&frame, &tags_.received);
        if (next_of(*queue_) != &tags_.received) {
            break;
        }
        token.first_bytes = take_in(frame);
        stream.Write(buffer_over(&token.first_bytes, sizeof token.first_bytes), &tags_.sent);
        if (next_of(*queue_) != &tags_.sent) {
            break;
        }
    }
    stream.Finish(grpc::Status::OK, &tags_.finished);
    return next_of(*queue_) == &tags_.finished;
}

Result<Contestant> start(const Peer& peer, const Ground& ground) {
    return start_pair(peer, ground, "unix:" + ground.folder.path() + "/grpc.sock", {});
}

Result<std::unique_ptr<Client>> client(const std::string& meeting) {
    return std::unique_ptr<Client>(std::make_unique<GrpcClient>(meeting));
}

Result<std::unique_ptr<Server>> server(const std::string& meeting) {
    auto made = std::make_unique<GrpcServer>(meeting);
    if (!made->listens()) {
        return make_error(Errc::io, "gRPC: cannot listen on " + meeting);
    }
    return std::unique_ptr<Server>(std::move(made));
}

}  // namespace

const Peer kGrpc{.name = "grpc", .start = start, .client = client, .server = server};

}  // namespace mrda::bench
