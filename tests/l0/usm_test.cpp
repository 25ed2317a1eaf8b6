// SPDX-License-Identifier: MIT
#include "mrda/l0/usm.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

#include "l0/device_bytes.h"
#include "support/memfd.h"
#include "support/platform.h"

namespace mrda::l0 {
namespace {

using test::pattern;
using test::read_bytes;
using test::write_bytes;
using ::testing::HasSubstr;

constexpr std::size_t kBytes = 1024 * 1024;

class UsmTest : public test::DeviceTest {
  protected:
    UsmBuffer exportable(std::size_t size_bytes = kBytes) {
        auto made =
            UsmBuffer::allocate(*context_, UsmKind::device, size_bytes, Exportable::dma_buf);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    static DmaBuf exported(UsmBuffer& usm) {
        auto made = usm.export_dma_buf();
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
};

TEST_F(UsmTest, of_each_kind_holds_what_is_written_to_it) {
    for (const UsmKind kind : {UsmKind::device, UsmKind::host, UsmKind::shared}) {
        SCOPED_TRACE(std::string(to_string(kind)));
        auto usm = UsmBuffer::allocate(*context_, kind, kBytes, Exportable::no);
        ASSERT_TRUE(usm.ok()) << to_string(usm.error());
        EXPECT_EQ(usm->kind(), kind);
        EXPECT_EQ(usm->size_bytes(), kBytes);
        EXPECT_EQ(usm->host_accessible(), kind != UsmKind::device);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(usm->data()) % 4096, 0U);
        write_bytes(*context_, usm->data(), pattern(kBytes, 1));
        const auto bytes = read_bytes(*context_, usm->data(), kBytes);
        EXPECT_TRUE(bytes == pattern(kBytes, 1) || !test::computes_pixels());
    }
    MRDA_NEEDS_PIXELS("what was written is read back");
}

TEST_F(UsmTest, of_0_bytes_is_refused) {
    for (const UsmKind kind : {UsmKind::device, UsmKind::host, UsmKind::shared}) {
        const auto usm = UsmBuffer::allocate(*context_, kind, 0, Exportable::no);
        ASSERT_FALSE(usm.ok());
        EXPECT_EQ(usm.error().code, Errc::invalid_argument);
    }
}

TEST_F(UsmTest, of_more_than_the_device_allocates_is_refused_naming_both_sizes) {
    const std::uint64_t most = context_->info().max_allocation_bytes;
    for (const std::size_t size :
         {std::size_t{most} + 1, std::numeric_limits<std::size_t>::max()}) {
        const auto usm = UsmBuffer::allocate(*context_, UsmKind::device, size, Exportable::no);
        ASSERT_FALSE(usm.ok());
        EXPECT_EQ(usm.error().code, Errc::unsupported);
        EXPECT_THAT(usm.error().message, HasSubstr(std::to_string(size)));
        EXPECT_THAT(usm.error().message, HasSubstr(std::to_string(most)));
    }
}

TEST_F(UsmTest, not_allocated_for_export_is_not_exported) {
    auto usm = UsmBuffer::allocate(*context_, UsmKind::device, kBytes, Exportable::no);
    ASSERT_TRUE(usm.ok());
    const auto buffer = usm->export_dma_buf();
    ASSERT_FALSE(buffer.ok());
    EXPECT_EQ(buffer.error().code, Errc::unsupported);
    EXPECT_THAT(buffer.error().message, HasSubstr("Exportable::dma_buf"));
}

TEST_F(UsmTest, of_each_kind_is_exported_or_refused_as_unsupported_naming_the_kind) {
    for (const UsmKind kind : {UsmKind::device, UsmKind::host, UsmKind::shared}) {
        SCOPED_TRACE(std::string(to_string(kind)));
        auto usm = UsmBuffer::allocate(*context_, kind, kBytes, Exportable::dma_buf);
        const auto buffer =
            usm.ok() ? usm->export_dma_buf() : Result<DmaBuf>(std::move(usm).error());
        if (buffer.ok()) {
            EXPECT_EQ(buffer->size_bytes(), kBytes);
            continue;
        }
        // Encoders take device USM: that one every driver must export.
        EXPECT_NE(kind, UsmKind::device) << to_string(buffer.error());
        EXPECT_EQ(buffer.error().code, Errc::unsupported) << to_string(buffer.error());
        EXPECT_THAT(buffer.error().message, HasSubstr(std::string(to_string(kind)) + " USM"));
    }
}

TEST_F(UsmTest, exported_twice_gives_two_descriptors_of_one_object) {
    UsmBuffer usm = exportable();
    const DmaBuf first = exported(usm);
    const DmaBuf second = exported(usm);
    EXPECT_NE(first.fd(), second.fd());
    EXPECT_EQ(first.identity(), second.identity());
    EXPECT_EQ(first.size_bytes(), kBytes);
    EXPECT_GE(first.object_bytes(), first.offset_bytes() + kBytes);
}

TEST_F(UsmTest, exported_is_not_gone_with_the_descriptor_of_the_export_before) {
    UsmBuffer usm = exportable();
    const ObjectIdentity object = exported(usm).identity();
    // Whatever takes the number of the descriptor that is gone.
    const Fd other = test::new_memfd(kBytes);
    const DmaBuf again = exported(usm);
    EXPECT_EQ(again.identity(), object);
    EXPECT_NE(again.fd(), other.get());
}

TEST_F(UsmTest, freed_leaves_an_export_that_is_open_and_no_other_descriptor) {
    const auto before = test::process_counts();
    {
        std::optional<UsmBuffer> usm(exportable());
        const DmaBuf buffer = exported(*usm);
        usm.reset();
        const auto still = identify(buffer.fd());
        ASSERT_TRUE(still.ok()) << to_string(still.error());
        EXPECT_EQ(*still, buffer.identity());
        EXPECT_EQ(test::process_counts().descriptors, before.descriptors + 1);
    }
    EXPECT_EQ(test::process_counts(), before);
}

TEST_F(UsmTest, exported_in_part_begins_that_far_into_the_object) {
    UsmBuffer usm = exportable();
    const DmaBuf whole = exported(usm);
    const auto part = usm.export_dma_buf(8192, 4096);
    ASSERT_TRUE(part.ok()) << to_string(part.error());
    EXPECT_EQ(part->offset_bytes(), whole.offset_bytes() + 8192);
    EXPECT_EQ(part->size_bytes(), 4096U);
    EXPECT_EQ(part->identity(), whole.identity());
}

TEST_F(UsmTest, exported_past_its_end_is_refused) {
    UsmBuffer usm = exportable();
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
    const std::pair<std::size_t, std::size_t> ranges[] = {
        {0, kBytes + 1}, {kBytes, 1}, {kBytes + 1, 0}, {kMost, 2}, {1, kMost}, {0, 0}};
    for (const auto& [offset, size] : ranges) {
        const auto part = usm.export_dma_buf(offset, size);
        ASSERT_FALSE(part.ok()) << offset << " + " << size;
        EXPECT_EQ(part.error().code, Errc::invalid_argument);
    }
}

TEST_F(UsmTest, freed_leaves_its_bytes_to_whoever_holds_the_descriptor) {
    std::optional<UsmBuffer> usm(exportable());
    write_bytes(*context_, usm->data(), pattern(kBytes, 4));
    const DmaBuf buffer = exported(*usm);
    usm.reset();
    auto other = test::open_context();
    ASSERT_TRUE(other.ok());
    auto again = UsmBuffer::import(*other, buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_TRUE(again.ok()) << to_string(again.error());
    EXPECT_EQ(again->size_bytes(), kBytes);
    MRDA_NEEDS_PIXELS("what was written is read back");
    EXPECT_EQ(read_bytes(*other, again->data(), kBytes), pattern(kBytes, 4));
}

TEST_F(UsmTest, imported_in_another_context_is_the_same_memory_both_ways) {
    MRDA_ONLY_ON(software, "a GPU's driver has an object once in a process");
    auto other = test::open_context();
    ASSERT_TRUE(other.ok());
    UsmBuffer usm = exportable();
    std::optional<DmaBuf> buffer(exported(usm));
    auto imported = UsmBuffer::import(*other, *buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    buffer.reset();  // The driver has a descriptor of its own.
    EXPECT_EQ(imported->size_bytes(), kBytes);
    write_bytes(*context_, usm.data(), pattern(kBytes, 5));
    EXPECT_EQ(read_bytes(*other, imported->data(), kBytes), pattern(kBytes, 5));
    write_bytes(*other, imported->data(), pattern(kBytes, 6));
    EXPECT_EQ(read_bytes(*context_, usm.data(), kBytes), pattern(kBytes, 6));
}

TEST_F(UsmTest, imported_in_the_context_that_exported_it_is_refused_until_that_one_is_freed) {
    std::optional<UsmBuffer> usm(exportable());
    const DmaBuf buffer = exported(*usm);
    const auto refused = UsmBuffer::import(*context_, buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_THAT(refused.error().message,
                HasSubstr(test::platform() == Platform::gpu ? "by this very process"
                                                            : "this very context"));
    usm.reset();
    EXPECT_TRUE(UsmBuffer::import(*context_, buffer, DRM_FORMAT_MOD_LINEAR).ok());
}

/// Intel's driver 22.43 frees such an object twice, and ends the process with the second time.
TEST_F(UsmTest, imported_twice_in_a_process_is_refused_on_a_gpu_until_the_first_is_freed) {
    MRDA_ONLY_ON(gpu, "the software driver counts who has an object");
    auto other = test::open_context();
    ASSERT_TRUE(other.ok());
    std::optional<UsmBuffer> usm(exportable());
    const DmaBuf buffer = exported(*usm);
    for (const bool of_an_export : {true, false}) {
        SCOPED_TRACE(of_an_export ? "an export" : "an import");
        const auto refused = UsmBuffer::import(*other, buffer, DRM_FORMAT_MOD_LINEAR);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Errc::invalid_argument);
        EXPECT_THAT(refused.error().message, HasSubstr("by this very process"));
        usm.reset();
        auto imported = UsmBuffer::import(*context_, buffer, DRM_FORMAT_MOD_LINEAR);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
        usm.emplace(std::move(*imported));
    }
}

TEST_F(UsmTest, imported_from_tiled_memory_is_refused_by_the_modifiers_name) {
    UsmBuffer usm = exportable();
    const auto imported = UsmBuffer::import(*context_, exported(usm), I915_FORMAT_MOD_Y_TILED);
    ASSERT_FALSE(imported.ok());
    EXPECT_EQ(imported.error().code, Errc::unsupported);
    EXPECT_THAT(imported.error().message, HasSubstr("0x0100000000000002"));
}

TEST_F(UsmTest, imported_from_an_offset_is_refused_naming_it) {
    auto other = test::open_context();
    ASSERT_TRUE(other.ok());
    UsmBuffer usm = exportable();
    const auto part = usm.export_dma_buf(4096, 4096);
    ASSERT_TRUE(part.ok());
    const auto imported = UsmBuffer::import(*other, *part, DRM_FORMAT_MOD_LINEAR);
    ASSERT_FALSE(imported.ok());
    EXPECT_EQ(imported.error().code, Errc::invalid_argument);
    EXPECT_THAT(imported.error().message, HasSubstr(std::to_string(part->offset_bytes())));
}

TEST_F(UsmTest, imported_from_an_object_that_can_shrink_is_refused_with_the_mend) {
    MRDA_ONLY_ON(software, "a DMA-BUF does not shrink");
    const auto buffer = DmaBuf::adopt(test::unsealed_memfd(kBytes), 0, kBytes, "a test");
    ASSERT_TRUE(buffer.ok());
    const auto before = test::process_counts();
    const auto usm = UsmBuffer::import(*context_, *buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_FALSE(usm.ok());
    EXPECT_EQ(usm.error().code, Errc::invalid_argument);
    EXPECT_THAT(usm.error().message, HasSubstr("seal it with F_SEAL_SHRINK"));
    EXPECT_EQ(test::process_counts(), before);
}

TEST_F(UsmTest, imported_from_an_object_that_shrank_before_it_was_sealed_is_refused) {
    MRDA_ONLY_ON(software, "a DMA-BUF does not shrink");
    const auto buffer = DmaBuf::adopt(test::unsealed_memfd(kBytes), 0, kBytes, "a test");
    ASSERT_TRUE(buffer.ok());
    ASSERT_EQ(::ftruncate(buffer->fd(), kBytes / 2), 0);
    test::seal(buffer->fd());
    const auto before = test::process_counts();
    EXPECT_FALSE(UsmBuffer::import(*context_, *buffer, DRM_FORMAT_MOD_LINEAR).ok());
    EXPECT_EQ(test::process_counts(), before);
}

TEST_F(UsmTest, imported_from_a_memfd_works_on_the_software_device) {
    MRDA_ONLY_ON(software, "a GPU takes no memfd");
    const auto buffer = DmaBuf::adopt(test::new_memfd(kBytes), 0, kBytes, "a test");
    ASSERT_TRUE(buffer.ok());
    const auto usm = UsmBuffer::import(*context_, *buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_TRUE(usm.ok()) << to_string(usm.error());
    const auto bytes = pattern(kBytes, 7);
    ASSERT_EQ(::pwrite(buffer->fd(), bytes.data(), kBytes, 0), static_cast<ssize_t>(kBytes));
    EXPECT_EQ(read_bytes(*context_, usm->data(), kBytes), bytes);
}

TEST_F(UsmTest, imported_from_a_memfd_is_refused_by_name_on_a_gpu) {
    MRDA_ONLY_ON(gpu, "the software device takes a memfd");
    const auto buffer = DmaBuf::adopt(test::new_memfd(kBytes), 0, kBytes, "a test");
    ASSERT_TRUE(buffer.ok());
    const auto usm = UsmBuffer::import(*context_, *buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_FALSE(usm.ok());
    EXPECT_EQ(usm.error().code, Errc::unsupported);
    EXPECT_THAT(usm.error().message, HasSubstr("memfd"));
}

TEST_F(UsmTest, imported_from_memory_that_was_moved_away_is_refused) {
    UsmBuffer usm = exportable();
    DmaBuf buffer = exported(usm);
    const DmaBuf holder = std::move(buffer);
    usm = exportable();  // So that the object is no longer this context's own export.
    const auto imported = UsmBuffer::import(*context_, buffer, DRM_FORMAT_MOD_LINEAR);
    ASSERT_FALSE(imported.ok());
    EXPECT_EQ(imported.error().code, Errc::invalid_argument);
}

TEST_F(UsmTest, assigned_over_an_import_closes_that_imports_descriptor_once) {
    auto other = test::open_context();
    ASSERT_TRUE(other.ok());
    UsmBuffer shared = exportable();
    const auto foreign = [&] {
        if (test::platform() == Platform::software) {
            return exported(shared);
        }
        UsmBuffer usm = exportable();  // A GPU's driver has an object once in a process.
        return exported(usm);
    };
    auto target = UsmBuffer::import(*other, foreign(), DRM_FORMAT_MOD_LINEAR);
    ASSERT_TRUE(target.ok());
    const auto before = test::process_counts();
    for (int i = 0; i < 10; ++i) {
        auto next = UsmBuffer::import(*other, foreign(), DRM_FORMAT_MOD_LINEAR);
        ASSERT_TRUE(next.ok()) << to_string(next.error());
        *target = std::move(*next);
    }
    EXPECT_EQ(test::process_counts(), before);
}

TEST_F(UsmTest, exported_and_imported_a_thousand_times_leaves_no_descriptor_and_no_mapping) {
    auto other = test::open_context();
    ASSERT_TRUE(other.ok());
    const auto cycle = [&] {
        std::optional<UsmBuffer> usm(exportable(16384));
        const DmaBuf buffer = exported(*usm);
        if (test::platform() == Platform::gpu) {
            usm.reset();  // Its driver has an object once in a process.
        }
        const auto imported = UsmBuffer::import(*other, buffer, DRM_FORMAT_MOD_LINEAR);
        ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    };
    cycle();
    const auto before = test::process_counts();
    for (int i = 0; i < 1000 && !HasFatalFailure(); ++i) {
        cycle();
    }
    EXPECT_EQ(test::process_counts(), before);
}

}  // namespace
}  // namespace mrda::l0
