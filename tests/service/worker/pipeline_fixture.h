// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "interop/temp_files.h"
#include "pipeline.h"
#include "scripted_guest.h"

namespace mrda::service::test {

/// What a session is made with, beside its EncodeParams.
struct SessionShape {
    std::uint32_t input_slots = 4;
    std::uint32_t output_slots = 4;
    std::uint64_t output_slot_bytes = 1U << 20;
    ivshmem::Region::Kind region = ivshmem::Region::Kind::memfd;
};

/// A session's parameters for NV12 of 192x128.
EncodeParams small_params(const std::string& codec);

/// A worker's pipeline on a thread of this process, and its guest.
class PipelineTest : public testing::Test {
  protected:
    ~PipelineTest() override { static_cast<void>(stop().ok()); }

    /// Makes region, pipeline and guest anew; nothing runs yet. The Result is the pipeline's.
    Result<void> try_create(const EncodeParams& params, const SessionShape& shape = {});
    /// The same, and ends the test program where that fails.
    void create(const EncodeParams& params, const SessionShape& shape = {});
    void run();
    /// Asks the pipeline to stop, if it has not ended; what run() returned.
    Result<void> stop();
    /// What run() returned by itself.
    Result<void> outcome();

    Pipeline& pipeline() { return *pipeline_; }
    ScriptedGuest& guest() { return *guest_; }
    [[nodiscard]] const FrameLayout& frame() const { return *frame_; }
    [[nodiscard]] const ivshmem::SessionLayout& layout() const { return *layout_; }
    std::vector<WorkerEvent> events();
    /// The input extent once more, as another process would see it.
    [[nodiscard]] ivshmem::Mapping another_view() const;

    /// Picture `number` of a moving scene into a slot.
    void draw(std::uint32_t slot, std::uint64_t number);
    /// Pictures 0 to count-1 with pts 3000 x number and cookie 1000 + number, the end of the
    /// stream, and everything until the host's.
    void encode(std::size_t count);
    /// The same with no end.
    void send_pictures(std::size_t first, std::size_t count);

  private:
    Result<ivshmem::Region> make_region(const SessionShape& shape, std::uint64_t size_bytes);

    TempDir dir_;
    std::optional<FrameLayout> frame_;
    std::optional<ivshmem::SessionLayout> layout_;
    std::optional<ivshmem::Region> region_;
    ivshmem::Extent input_;
    std::unique_ptr<Pipeline> pipeline_;
    std::unique_ptr<ScriptedGuest> guest_;
    std::mutex mutex_;
    std::vector<WorkerEvent> events_;
    std::optional<Result<void>> outcome_;
    std::thread thread_;
};

}  // namespace mrda::service::test
