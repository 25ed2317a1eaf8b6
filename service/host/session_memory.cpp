// SPDX-License-Identifier: MIT
#include "session_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace mrda::service {

namespace {

void punch(const SharedRegion& region, const ivshmem::Extent& extent) {
    if (region.keep_pages) {
        return;
    }
    // Where the file system cannot, the pages stay: memory, not safety.
    static_cast<void>(::fallocate(region.region.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  static_cast<off_t>(extent.offset_bytes),
                                  static_cast<off_t>(extent.size_bytes)));
}

/// What to do about it. `option`: how the region's size is said.
std::string more_room(const SharedRegion& region, std::uint64_t wanted, const char* option) {
    const ExtentAllocator& extents = region.extents;
    if (wanted <= extents.free_bytes()) {
        return "It is in pieces: stop another session, or use fewer or smaller slots";
    }
    // A region that becomes a PCI BAR is a power of two.
    const std::uint64_t used = extents.size_bytes() - extents.free_bytes();
    const std::uint64_t enough = std::bit_ceil(used + wanted + ivshmem::kPageBytes);
    return "Use fewer or smaller slots, or add VM " + region.owner + " anew, as it is but with " +
           option + " " + std::to_string(enough) +
           (region.path.empty() ? "" : " and another file: this one keeps its size");
}

/// `parts`: what `wanted` consists of, for people.
Error no_room(const SharedRegion& region, std::uint64_t wanted, const std::string& parts,
              const char* option) {
    const ExtentAllocator& extents = region.extents;
    return make_error(Errc::exhausted,
                      "the session needs " + std::to_string(wanted) + " bytes of shared memory, " +
                          parts + "; of " + std::to_string(extents.size_bytes()) +
                          " bytes of region " + region.name + " " +
                          std::to_string(extents.free_bytes()) + " are free, at most " +
                          std::to_string(extents.largest_gap_bytes()) + " in one piece. " +
                          more_room(region, wanted, option));
}

/// A file's pages exist when they are first written, and where the file system has none left then,
/// whoever writes dies of it. Of the output only pages that packets reach are written: few. A guard
/// against mistakes, not against others who write at the same time.
Result<void> check_file_system(const SharedRegion& region, std::uint64_t wanted) {
    struct statvfs room {};
    struct stat file {};
    if (region.path.empty() || ::fstatvfs(region.region.fd(), &room) != 0 ||
        ::fstat(region.region.fd(), &file) != 0 || room.f_blocks == 0) {
        return {};  // A memfd, or a file system without a limit.
    }
    constexpr std::uint64_t kStatBlockBytes = 512;  // stat(2): whatever the file system's are.
    const std::uint64_t size_bytes = region.region.size_bytes();
    const std::uint64_t there =
        std::min(size_bytes, static_cast<std::uint64_t>(file.st_blocks) * kStatBlockBytes);
    const std::uint64_t free_bytes = std::uint64_t{room.f_bavail} * room.f_frsize;
    if (free_bytes < std::min(wanted, size_bytes - there)) {
        return make_error(Errc::exhausted,
                          "the session needs " + std::to_string(wanted) + " bytes of " +
                              region.path + ", and its file system has " +
                              std::to_string(free_bytes) +
                              " left; use fewer or smaller slots, or make it larger");
    }
    return {};
}

}  // namespace

Result<SessionMemory> SessionMemory::carve(SessionRegions regions,
                                           const ivshmem::SessionLayout& layout,
                                           const SessionPlace& place) {
    const std::uint64_t in_bytes = layout.input_extent_bytes();
    const std::uint64_t out_bytes = layout.output_extent_bytes();
    MRDA_TRY(check_file_system(*regions.input, in_bytes));
    const auto too_little = [&](const SessionRegions& of, bool input) {
        if (of.input == of.output) {
            return no_room(*of.input, in_bytes + out_bytes,
                           std::to_string(in_bytes) + " in one piece for input and " +
                               std::to_string(out_bytes) + " for output",
                           "--memory");
        }
        return input ? no_room(*of.input, in_bytes, "in one piece, for input", "--memory")
                     : no_room(*of.output, out_bytes, "in one piece, for output", "--out-memory");
    };
    const auto input = regions.input->extents.allocate(in_bytes, place.input);
    if (!input) {
        return too_little(regions, true);
    }
    SessionMemory memory(std::move(regions), *input);
    const auto output = memory.regions_.output->extents.allocate(out_bytes, place.output);
    if (!output) {
        // As it was before: not less its own input.
        const SessionRegions of = memory.regions_;
        { const SessionMemory given_back = std::move(memory); }
        return too_little(of, false);
    }
    memory.output_ = *output;
    return memory;
}

SessionMemory::~SessionMemory() {
    if (regions_.input == nullptr) {
        return;
    }
    punch(*regions_.input, input_);
    regions_.input->extents.free(input_);
    if (output_.size_bytes > 0) {
        punch(*regions_.output, output_);
        regions_.output->extents.free(output_);
    }
}

}  // namespace mrda::service
