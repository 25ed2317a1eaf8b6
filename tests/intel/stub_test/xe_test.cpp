// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <xe_drm.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "open_node.h"

namespace mrda::stub {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kAt = 0x10000;
constexpr std::uint32_t kBatchEnd = 0x05U << 23;  // MI_BATCH_BUFFER_END.
constexpr std::int64_t kForever = -1;

class Xe : public ::testing::Test {
  protected:
    std::uint32_t create(std::uint64_t size, std::uint32_t placement = 1) {
        drm_xe_gem_create asked{};
        asked.size = size;
        asked.placement = placement;
        asked.cpu_caching = DRM_XE_GEM_CPU_CACHING_WB;
        EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_GEM_CREATE, asked), 0);
        return asked.handle;
    }

    std::uint32_t create_space() {
        drm_xe_vm_create asked{};
        EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_VM_CREATE, asked), 0);
        return asked.vm_id;
    }

    static drm_xe_vm_bind_op map(std::uint32_t handle, std::uint64_t offset, std::uint64_t range,
                                 std::uint64_t address = kAt) {
        drm_xe_vm_bind_op operation{};
        operation.op = DRM_XE_VM_BIND_OP_MAP;
        operation.obj = handle;
        operation.obj_offset = offset;
        operation.range = range;
        operation.addr = address;
        return operation;
    }

    int bind(std::uint32_t space, const drm_xe_vm_bind_op& operation,
             drm_xe_sync* fence = nullptr) {
        drm_xe_vm_bind asked{};
        asked.vm_id = space;
        asked.num_binds = 1;
        asked.bind = operation;
        asked.num_syncs = fence == nullptr ? 0 : 1;
        asked.syncs = reinterpret_cast<std::uint64_t>(fence);
        return node_.ioctl(DRM_IOCTL_XE_VM_BIND, asked);
    }

    const Object* at(std::uint32_t space, std::uint64_t address) {
        return node_.node().address_spaces.at(space)->find(address).object.get();
    }
    const Object* object(std::uint32_t handle) { return node_.node().find(handle).get(); }

    static drm_xe_sync fence_at(std::uint64_t address, std::uint64_t value) {
        drm_xe_sync fence{};
        fence.type = DRM_XE_SYNC_TYPE_USER_FENCE;
        fence.flags = DRM_XE_SYNC_FLAG_SIGNAL;
        fence.addr = address;
        fence.timeline_value = value;
        return fence;
    }

    static drm_xe_wait_user_fence wait_for(const void* address, std::uint16_t op,
                                           std::uint64_t value, std::int64_t timeout) {
        drm_xe_wait_user_fence asked{};
        asked.addr = reinterpret_cast<std::uint64_t>(address);
        asked.op = op;
        asked.value = value;
        asked.mask = UINT64_MAX;
        asked.timeout = timeout;
        return asked;
    }

    test::OpenNode node_{"bmg"};
};

TEST_F(Xe, makes_objects_where_they_are_to_lie) {
    EXPECT_EQ(object(create(kPage, 1))->region(), Region::system);
    EXPECT_EQ(object(create(kPage, 2))->region(), Region::local);
}

TEST_F(Xe, makes_no_object_of_no_size_no_place_or_no_caching) {
    for (const auto& [size, placement, caching] :
         {std::array<std::uint16_t, 3>{0, 1, 1}, {kPage, 0, 1}, {kPage, 1, 0}}) {
        drm_xe_gem_create asked{};
        asked.size = size;
        asked.placement = placement;
        asked.cpu_caching = caching;
        EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_GEM_CREATE, asked), -EINVAL);
    }
    EXPECT_TRUE(node_.node().handles.empty());
}

TEST_F(Xe, binds_a_part_of_an_object) {
    const std::uint32_t handle = create(4 * kPage);
    const std::uint32_t space = create_space();
    ASSERT_EQ(bind(space, map(handle, kPage, 2 * kPage)), 0);
    EXPECT_EQ(at(space, kAt), object(handle));
    EXPECT_EQ(node_.node().address_spaces.at(space)->find(kAt).offset_bytes, kPage);
    EXPECT_EQ(at(space, kAt + 2 * kPage), nullptr);
}

TEST_F(Xe, binds_nothing_beyond_the_object) {
    const std::uint32_t handle = create(4 * kPage);
    const std::uint32_t space = create_space();
    EXPECT_EQ(bind(space, map(handle, 0, 5 * kPage)), -EINVAL);
    EXPECT_EQ(bind(space, map(handle, kPage, 4 * kPage)), -EINVAL);
    EXPECT_EQ(bind(space, map(handle, 5 * kPage, kPage)), -EINVAL);
    EXPECT_EQ(bind(space, map(handle, kPage, UINT64_MAX - kPage + 1)), -EINVAL);
    EXPECT_EQ(at(space, kAt), nullptr);
}

TEST_F(Xe, binds_neither_unknown_objects_nor_into_unknown_spaces) {
    const std::uint32_t handle = create(kPage);
    const std::uint32_t space = create_space();
    EXPECT_EQ(bind(space, map(handle + 1, 0, kPage)), -ENOENT);
    EXPECT_EQ(bind(space + 1, map(handle, 0, kPage)), -ENOENT);
    drm_xe_vm_bind_op unknown = map(handle, 0, kPage);
    unknown.op = 99;
    EXPECT_EQ(bind(space, unknown), -EINVAL);
    EXPECT_EQ(at(space, kAt), nullptr);
}

TEST_F(Xe, binds_the_programs_own_pages) {
    alignas(kPage) std::array<std::byte, kPage> memory{};
    const std::uint32_t space = create_space();
    drm_xe_vm_bind_op operation = map(0, 0, kPage);
    operation.op = DRM_XE_VM_BIND_OP_MAP_USERPTR;
    operation.userptr = reinterpret_cast<std::uint64_t>(memory.data());
    ASSERT_EQ(bind(space, operation), 0);
    EXPECT_EQ(node_.node().address_spaces.at(space)->find(kAt + 8).bytes, memory.data() + 8);
}

TEST_F(Xe, unbinds_a_range_and_an_object) {
    const std::uint32_t first = create(kPage);
    const std::uint32_t second = create(kPage);
    const std::uint32_t space = create_space();
    ASSERT_EQ(bind(space, map(first, 0, kPage, kAt)), 0);
    ASSERT_EQ(bind(space, map(second, 0, kPage, kAt + kPage)), 0);
    ASSERT_EQ(bind(space, map(first, 0, kPage, kAt + 2 * kPage)), 0);
    drm_xe_vm_bind_op operation = map(0, 0, kPage, kAt);
    operation.op = DRM_XE_VM_BIND_OP_UNMAP;
    EXPECT_EQ(bind(space, operation), 0);
    EXPECT_EQ(at(space, kAt), nullptr);
    EXPECT_EQ(at(space, kAt + 2 * kPage), object(first));
    operation = map(first, 0, 0, 0);
    operation.op = DRM_XE_VM_BIND_OP_UNMAP_ALL;
    EXPECT_EQ(bind(space, operation), 0);
    EXPECT_EQ(at(space, kAt + kPage), object(second));
    EXPECT_EQ(at(space, kAt + 2 * kPage), nullptr);
}

TEST_F(Xe, binds_several_in_one_call) {
    const std::uint32_t first = create(kPage);
    const std::uint32_t second = create(kPage);
    const std::uint32_t space = create_space();
    std::array operations{map(first, 0, kPage, kAt), map(second, 0, kPage, kAt + kPage)};
    drm_xe_vm_bind asked{};
    asked.vm_id = space;
    asked.num_binds = operations.size();
    asked.vector_of_binds = reinterpret_cast<std::uint64_t>(operations.data());
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_VM_BIND, asked), 0);
    EXPECT_EQ(at(space, kAt), object(first));
    EXPECT_EQ(at(space, kAt + kPage), object(second));
}

TEST_F(Xe, signals_a_binding_in_the_programs_memory) {
    std::uint64_t value = 0;
    drm_xe_sync fence = fence_at(reinterpret_cast<std::uint64_t>(&value), 42);
    const std::uint32_t space = create_space();
    EXPECT_EQ(bind(space, map(create(kPage), 0, kPage), &fence), 0);
    EXPECT_EQ(value, 42U);
}

TEST_F(Xe, signals_no_fence_where_no_memory_is) {
    void* const gone = ::mmap(nullptr, kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(gone, MAP_FAILED);
    drm_xe_sync fence = fence_at(reinterpret_cast<std::uint64_t>(gone), 42);
    const std::uint32_t space = create_space();
    EXPECT_EQ(bind(space, map(create(kPage), 0, kPage), &fence), -EFAULT);
    EXPECT_EQ(::munmap(gone, kPage), 0);
}

TEST_F(Xe, signals_an_execution_in_its_address_space) {
    const std::uint32_t handle = create(2 * kPage);
    const std::uint32_t space = create_space();
    ASSERT_EQ(bind(space, map(handle, 0, 2 * kPage)), 0);
    std::byte* const bytes = node_.node().find(handle)->bytes();
    std::memcpy(bytes, &kBatchEnd, sizeof kBatchEnd);

    drm_xe_engine_class_instance engine{};
    drm_xe_exec_queue_create created{};
    created.vm_id = space;
    created.width = 1;
    created.num_placements = 1;
    created.instances = reinterpret_cast<std::uint64_t>(&engine);
    ASSERT_EQ(node_.ioctl(DRM_IOCTL_XE_EXEC_QUEUE_CREATE, created), 0);

    drm_xe_sync fence = fence_at(kAt + kPage, 42);
    drm_xe_exec asked{};
    asked.exec_queue_id = created.exec_queue_id;
    asked.num_syncs = 1;
    asked.syncs = reinterpret_cast<std::uint64_t>(&fence);
    asked.address = kAt;
    asked.num_batch_buffer = 1;
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_EXEC, asked), 0);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes + kPage, sizeof value);
    EXPECT_EQ(value, 42U);

    asked.exec_queue_id = created.exec_queue_id + 1;
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_EXEC, asked), -ENOENT);
}

TEST_F(Xe, does_not_wait_for_a_fence_that_is_met) {
    const std::uint64_t value = 5;
    for (const auto& [op, wanted] :
         {std::pair<std::uint16_t, std::uint64_t>{DRM_XE_UFENCE_WAIT_OP_EQ, 5},
          {DRM_XE_UFENCE_WAIT_OP_NEQ, 4},
          {DRM_XE_UFENCE_WAIT_OP_GT, 4},
          {DRM_XE_UFENCE_WAIT_OP_GTE, 5},
          {DRM_XE_UFENCE_WAIT_OP_LT, 6},
          {DRM_XE_UFENCE_WAIT_OP_LTE, 5}}) {
        for (const std::int64_t timeout : {std::int64_t{0}, kForever}) {
            auto asked = wait_for(&value, op, wanted, timeout);
            EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), 0) << op;
        }
    }
}

TEST_F(Xe, waits_no_longer_than_it_is_told_for_a_fence_that_is_not_met) {
    const std::uint64_t value = 5;
    for (const auto& [op, wanted] :
         {std::pair<std::uint16_t, std::uint64_t>{DRM_XE_UFENCE_WAIT_OP_EQ, 4},
          {DRM_XE_UFENCE_WAIT_OP_NEQ, 5},
          {DRM_XE_UFENCE_WAIT_OP_GT, 5},
          {DRM_XE_UFENCE_WAIT_OP_GTE, 6},
          {DRM_XE_UFENCE_WAIT_OP_LT, 5},
          {DRM_XE_UFENCE_WAIT_OP_LTE, 4}}) {
        for (const std::int64_t timeout : {0, 2'000'000}) {
            auto asked = wait_for(&value, op, wanted, timeout);
            const auto begun = steady_clock::now();
            EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), -ETIME) << op;
            EXPECT_GE(steady_clock::now() - begun, nanoseconds(timeout)) << op;
        }
    }
}

TEST_F(Xe, compares_what_the_mask_leaves_of_a_fence) {
    const std::uint64_t value = 0xffff'0000'0000'0005;
    auto asked = wait_for(&value, DRM_XE_UFENCE_WAIT_OP_EQ, 0x0000'1111'0000'0005, 0);
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), -ETIME);
    asked.mask = 0xffffffff;
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), 0);
}

TEST_F(Xe, waits_until_a_time_of_the_monotonic_clock) {
    const std::uint64_t value = 5;
    const auto end = steady_clock::now() + nanoseconds(2'000'000);
    auto asked =
        wait_for(&value, DRM_XE_UFENCE_WAIT_OP_EQ, 6, nanoseconds(end.time_since_epoch()).count());
    asked.flags = DRM_XE_UFENCE_WAIT_FLAG_ABSTIME;
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), -ETIME);
    EXPECT_GE(steady_clock::now(), end);
    asked.timeout = 1;  // Long ago.
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), -ETIME);
    asked.value = 5;
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), 0);
}

TEST_F(Xe, waits_for_no_fence_where_no_memory_is) {
    void* const gone = ::mmap(nullptr, kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(gone, MAP_FAILED);
    auto asked = wait_for(gone, DRM_XE_UFENCE_WAIT_OP_EQ, 0, kForever);
    EXPECT_EQ(node_.ioctl(DRM_IOCTL_XE_WAIT_USER_FENCE, asked), -EFAULT);
    EXPECT_EQ(::munmap(gone, kPage), 0);
}

TEST_F(Xe, lets_others_into_the_kernel_while_it_waits) {
    std::atomic<std::uint64_t> value{0};
    auto asked = wait_for(&value, DRM_XE_UFENCE_WAIT_OP_EQ, 1, kForever);
    std::unique_lock lock(kernel_mutex());
    // Gets in only when the wait has let go, and meets the fence then.
    std::jthread other([&] {
        const std::scoped_lock inside(kernel_mutex());
        value = 1;
    });
    EXPECT_EQ(call_ioctl({lock, node_.node(), DRM_IOCTL_XE_WAIT_USER_FENCE, &asked}), 0);
    EXPECT_TRUE(lock.owns_lock());
    lock.unlock();
}

}  // namespace
}  // namespace mrda::stub
