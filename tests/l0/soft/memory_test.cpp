// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <rapidcheck.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>

#include "mrda/interop/fd.h"
#include "support/memfd.h"
#include "ze_fixture.h"

namespace mrda::ze_soft_test {

class SoftMemory : public SoftDevice {
  protected:
    ze_result_t try_allocate(std::size_t size_bytes, std::size_t alignment, const void* next,
                             void** pointer) {
        const ze_device_mem_alloc_desc_t desc = {ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC, next, 0,
                                                 0};
        return zeMemAllocDevice(context_, &desc, size_bytes, alignment, device_, pointer);
    }

    /// What zeMemAllocDevice says to importing `fd` as `size_bytes`; frees what it got.
    ze_result_t try_import(
        int fd, std::size_t size_bytes,
        ze_external_memory_type_flags_t flags = ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF) {
        const ze_external_memory_import_fd_t import = {ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_FD,
                                                       nullptr, flags, fd};
        void* pointer = nullptr;
        const ze_result_t result = try_allocate(size_bytes, 0, &import, &pointer);
        if (result == ZE_RESULT_SUCCESS) {
            EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
        }
        return result;
    }

    ze_result_t try_export(const void* pointer, Fd& fd) {
        ze_external_memory_export_fd_t answer = {ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_FD,
                                                 nullptr, ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF, -1};
        ze_memory_allocation_properties_t properties = {};
        properties.stype = ZE_STRUCTURE_TYPE_MEMORY_ALLOCATION_PROPERTIES;
        properties.pNext = &answer;
        const ze_result_t result = zeMemGetAllocProperties(context_, pointer, &properties, nullptr);
        fd.reset(answer.fd);
        return result;
    }

    ze_memory_type_t type_of(const void* pointer) {
        ze_memory_allocation_properties_t properties = {};
        properties.stype = ZE_STRUCTURE_TYPE_MEMORY_ALLOCATION_PROPERTIES;
        EXPECT_EQ(zeMemGetAllocProperties(context_, pointer, &properties, nullptr),
                  ZE_RESULT_SUCCESS);
        return properties.type;
    }

    static constexpr ze_external_memory_export_desc_t kExport = {
        ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_DESC, nullptr,
        ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF};
    static constexpr ze_device_mem_alloc_desc_t kDeviceDesc = {
        ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC, nullptr, 0, 0};
    static constexpr ze_host_mem_alloc_desc_t kHostDesc = {ZE_STRUCTURE_TYPE_HOST_MEM_ALLOC_DESC,
                                                           nullptr, 0};
};

ino_t inode_of(int fd) {
    struct stat status = {};
    EXPECT_EQ(::fstat(fd, &status), 0);
    return status.st_ino;
}

TEST_F(SoftMemory, of_each_type_can_be_written_and_says_its_type) {
    void* host = nullptr;
    void* shared = nullptr;
    std::byte* const device = allocate_device(5000);
    ASSERT_EQ(zeMemAllocHost(context_, &kHostDesc, 5000, 0, &host), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeMemAllocShared(context_, &kDeviceDesc, &kHostDesc, 5000, 0, nullptr, &shared),
              ZE_RESULT_SUCCESS);
    for (void* pointer : {static_cast<void*>(device), host, shared}) {
        std::memset(pointer, 0x5a, 5000);
    }
    EXPECT_EQ(type_of(device), ZE_MEMORY_TYPE_DEVICE);
    EXPECT_EQ(type_of(host), ZE_MEMORY_TYPE_HOST);
    EXPECT_EQ(type_of(shared), ZE_MEMORY_TYPE_SHARED);
    for (void* pointer : {static_cast<void*>(device), host, shared}) {
        EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
    }
}

TEST_F(SoftMemory, starts_as_zeros) {
    const std::byte* const pointer = allocate_device(4096);
    for (std::size_t i = 0; i < 4096; ++i) {
        ASSERT_EQ(pointer[i], std::byte{0});
    }
    EXPECT_EQ(zeMemFree(context_, const_cast<std::byte*>(pointer)), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, lies_at_a_multiple_of_any_alignment_asked_for) {
    EXPECT_TRUE(rc::check([this] {
        const auto alignment = std::size_t{1} << *rc::gen::inRange(0, 27);
        const auto size_bytes = *rc::gen::inRange<std::size_t>(1, 100'000);
        auto* const pointer = allocate_device(size_bytes, alignment);
        RC_ASSERT(reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0U);
        pointer[0] = pointer[size_bytes - 1] = std::byte{7};
        RC_ASSERT(zeMemFree(context_, pointer) == ZE_RESULT_SUCCESS);
    }));
}

TEST_F(SoftMemory, tells_base_and_size_of_what_a_pointer_points_into) {
    std::byte* const pointer = allocate_device(10'000);
    void* base = nullptr;
    std::size_t size_bytes = 0;
    ASSERT_EQ(zeMemGetAddressRange(context_, pointer + 9'999, &base, &size_bytes),
              ZE_RESULT_SUCCESS);
    EXPECT_EQ(base, pointer);
    EXPECT_EQ(size_bytes, 10'000U);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, of_the_program_is_of_unknown_type) {
    int on_stack = 0;
    EXPECT_EQ(type_of(&on_stack), ZE_MEMORY_TYPE_UNKNOWN);
}

TEST_F(SoftMemory, names_the_device_it_is_on) {
    std::byte* const pointer = allocate_device(1);
    ze_memory_allocation_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_MEMORY_ALLOCATION_PROPERTIES;
    ze_device_handle_t device = nullptr;
    ASSERT_EQ(zeMemGetAllocProperties(context_, pointer, &properties, &device), ZE_RESULT_SUCCESS);
    EXPECT_EQ(device, device_);
    EXPECT_NE(properties.id, 0U);
    EXPECT_EQ(properties.pageSize, static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, exported_is_the_same_memory_elsewhere) {
    std::byte* const pointer = allocate_device(8192, 0, &kExport);
    Fd fd;
    ASSERT_EQ(try_export(pointer + 100, fd), ZE_RESULT_SUCCESS);
    ASSERT_TRUE(fd.valid());
    void* const view = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(view, MAP_FAILED);
    pointer[8191] = std::byte{0x42};
    EXPECT_EQ(static_cast<std::byte*>(view)[8191], std::byte{0x42});
    static_cast<std::byte*>(view)[0] = std::byte{0x24};
    EXPECT_EQ(pointer[0], std::byte{0x24});
    ::munmap(view, 8192);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, exported_twice_gives_two_descriptors_of_one_object) {
    std::byte* const pointer = allocate_device(4096, 0, &kExport);
    Fd first;
    Fd second;
    ASSERT_EQ(try_export(pointer, first), ZE_RESULT_SUCCESS);
    ASSERT_EQ(try_export(pointer, second), ZE_RESULT_SUCCESS);
    EXPECT_NE(first.get(), second.get());
    EXPECT_EQ(inode_of(first.get()), inode_of(second.get()));
    EXPECT_TRUE(::fcntl(first.get(), F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, exported_cannot_be_cut_off_beneath_the_mappings) {
    std::byte* const pointer = allocate_device(8192, 0, &kExport);
    Fd fd;
    ASSERT_EQ(try_export(pointer, fd), ZE_RESULT_SUCCESS);
    EXPECT_NE(::ftruncate(fd.get(), 0), 0);
    pointer[8191] = std::byte{1};
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, outlives_the_allocation_in_an_exported_descriptor) {
    std::byte* const pointer = allocate_device(4096, 0, &kExport);
    pointer[7] = std::byte{0x77};
    Fd fd;
    ASSERT_EQ(try_export(pointer, fd), ZE_RESULT_SUCCESS);
    ASSERT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
    const ze_external_memory_import_fd_t import = {ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_FD,
                                                   nullptr, ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF,
                                                   fd.get()};
    std::byte* const again = allocate_device(4096, 0, &import);
    EXPECT_EQ(again[7], std::byte{0x77});
    EXPECT_EQ(zeMemFree(context_, again), ZE_RESULT_SUCCESS);
    EXPECT_GE(::fcntl(fd.get(), F_GETFD), 0) << "the importer's descriptor is the importer's";
}

TEST_F(SoftMemory, imported_as_host_memory_is_the_object) {
    const Fd memfd = test::new_memfd(6000);
    const ze_external_memory_import_fd_t import = {ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_FD,
                                                   nullptr, ZE_EXTERNAL_MEMORY_TYPE_FLAG_OPAQUE_FD,
                                                   memfd.get()};
    const ze_host_mem_alloc_desc_t desc = {ZE_STRUCTURE_TYPE_HOST_MEM_ALLOC_DESC, &import, 0};
    void* pointer = nullptr;
    ASSERT_EQ(zeMemAllocHost(context_, &desc, 6000, 0, &pointer), ZE_RESULT_SUCCESS);
    static_cast<char*>(pointer)[5999] = 'x';
    char last = 0;
    ASSERT_EQ(::pread(memfd.get(), &last, 1, 5999), 1);
    EXPECT_EQ(last, 'x');
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, allocated_and_exported_10000_times_leaves_no_descriptor) {
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 10'000; ++i) {
        std::byte* const pointer = allocate_device(4096, 0, &kExport);
        Fd fd;
        ASSERT_EQ(try_export(pointer, fd), ZE_RESULT_SUCCESS);
        ASSERT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SoftMemory, of_a_foreign_pointer_is_refused) {
    int on_stack = 0;
    EXPECT_EQ(zeMemFree(context_, &on_stack), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemFree(context_, nullptr), ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    void* base = nullptr;
    EXPECT_EQ(zeMemGetAddressRange(context_, &on_stack, &base, nullptr),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    Fd fd;
    EXPECT_EQ(try_export(&on_stack, fd), ZE_RESULT_ERROR_INVALID_ARGUMENT);
}

TEST_F(SoftMemory, freed_twice_or_from_its_middle_is_refused) {
    std::byte* const pointer = allocate_device(4096);
    EXPECT_EQ(zeMemFree(context_, pointer + 1), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_ERROR_INVALID_ARGUMENT);
}

TEST_F(SoftMemory, of_another_context_is_refused) {
    const ze_context_desc_t desc = {ZE_STRUCTURE_TYPE_CONTEXT_DESC, nullptr, 0};
    ze_context_handle_t other = nullptr;
    ASSERT_EQ(zeContextCreate(driver_, &desc, &other), ZE_RESULT_SUCCESS);
    std::byte* const pointer = allocate_device(4096);
    EXPECT_EQ(zeMemFree(other, pointer), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeContextDestroy(other), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, of_no_size_or_more_than_the_device_has_is_refused) {
    ze_device_properties_t properties = {};
    properties.stype = ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES;
    ASSERT_EQ(zeDeviceGetProperties(device_, &properties), ZE_RESULT_SUCCESS);
    void* pointer = nullptr;
    for (const std::size_t size_bytes : {std::size_t{0}, properties.maxMemAllocSize + 1,
                                         std::numeric_limits<std::size_t>::max()}) {
        EXPECT_EQ(try_allocate(size_bytes, 0, nullptr, &pointer), ZE_RESULT_ERROR_UNSUPPORTED_SIZE);
    }
    EXPECT_EQ(pointer, nullptr);
}

TEST_F(SoftMemory, at_an_alignment_that_is_no_power_of_two_or_too_large_is_refused) {
    void* pointer = nullptr;
    for (const std::size_t alignment : {std::size_t{3}, std::size_t{4097}, std::size_t{1} << 62}) {
        EXPECT_EQ(try_allocate(64, alignment, nullptr, &pointer),
                  ZE_RESULT_ERROR_UNSUPPORTED_ALIGNMENT);
    }
}

TEST_F(SoftMemory, not_allocated_for_export_is_refused_to_it) {
    std::byte* const pointer = allocate_device(4096);
    Fd fd;
    EXPECT_EQ(try_export(pointer, fd), ZE_RESULT_ERROR_UNSUPPORTED_FEATURE);
    EXPECT_FALSE(fd.valid());
    EXPECT_EQ(zeMemFree(context_, pointer), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, of_a_closed_fd_is_refused) {
    Fd memfd = test::new_memfd(4096);
    const int closed = memfd.get();
    memfd.reset();
    EXPECT_EQ(try_import(closed, 4096), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(try_import(-1, 4096), ZE_RESULT_ERROR_INVALID_ARGUMENT);
}

TEST_F(SoftMemory, of_an_object_smaller_than_asked_for_is_refused) {
    const Fd memfd = test::new_memfd(4096);
    EXPECT_EQ(try_import(memfd.get(), 4096), ZE_RESULT_SUCCESS);
    EXPECT_EQ(try_import(memfd.get(), 4097), ZE_RESULT_ERROR_INVALID_ARGUMENT);
}

TEST_F(SoftMemory, of_an_object_that_can_shrink_is_refused_until_it_is_sealed) {
    const Fd memfd = test::unsealed_memfd(4096);
    EXPECT_EQ(try_import(memfd.get(), 4096), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    test::seal(memfd.get());
    EXPECT_EQ(try_import(memfd.get(), 4096), ZE_RESULT_SUCCESS);
}

TEST_F(SoftMemory, of_what_cannot_be_mapped_for_writing_is_refused) {
    std::array<int, 2> ends = {};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd reader(ends[0]);
    const Fd writer(ends[1]);
    EXPECT_EQ(try_import(reader.get(), 1), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    const Fd directory(::open("/", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(try_import(directory.get(), 1), ZE_RESULT_ERROR_INVALID_ARGUMENT);
    const Fd read_only(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(try_import(read_only.get(), 1), ZE_RESULT_ERROR_INVALID_ARGUMENT);
}

TEST_F(SoftMemory, refused_leaves_no_descriptor) {
    const Fd memfd = test::new_memfd(4096);
    const std::size_t before = open_descriptors();
    EXPECT_NE(try_import(memfd.get(), 8192), ZE_RESULT_SUCCESS);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SoftMemory, from_and_to_windows_handles_is_refused) {
    const Fd memfd = test::new_memfd(4096);
    EXPECT_EQ(try_import(memfd.get(), 4096, ZE_EXTERNAL_MEMORY_TYPE_FLAG_OPAQUE_WIN32),
              ZE_RESULT_ERROR_UNSUPPORTED_ENUMERATION);
    void* pointer = nullptr;
    ze_external_memory_import_win32_handle_t import = {};
    import.stype = ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_WIN32;
    EXPECT_EQ(try_allocate(4096, 0, &import, &pointer), ZE_RESULT_ERROR_UNSUPPORTED_FEATURE);
}

TEST_F(SoftMemory, of_bad_arguments_is_refused) {
    void* pointer = nullptr;
    EXPECT_EQ(zeMemAllocDevice(context_, nullptr, 1, 0, device_, &pointer),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeMemAllocDevice(context_, &kDeviceDesc, 1, 0, device_, nullptr),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeMemAllocDevice(context_, &kDeviceDesc, 1, 0, nullptr, &pointer),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    EXPECT_EQ(zeMemAllocDevice(nullptr, &kDeviceDesc, 1, 0, device_, &pointer),
              ZE_RESULT_ERROR_INVALID_NULL_HANDLE);
    const ze_device_mem_alloc_desc_t flags = {ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC, nullptr,
                                              0x80, 0};
    EXPECT_EQ(zeMemAllocDevice(context_, &flags, 1, 0, device_, &pointer),
              ZE_RESULT_ERROR_INVALID_ENUMERATION);
    const ze_device_mem_alloc_desc_t ordinal = {ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC, nullptr, 0,
                                                1};
    EXPECT_EQ(zeMemAllocDevice(context_, &ordinal, 1, 0, device_, &pointer),
              ZE_RESULT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(zeMemAllocHost(context_, nullptr, 1, 0, &pointer),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
    EXPECT_EQ(zeMemAllocShared(context_, &kDeviceDesc, nullptr, 1, 0, nullptr, &pointer),
              ZE_RESULT_ERROR_INVALID_NULL_POINTER);
}

}  // namespace mrda::ze_soft_test
