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

/// " OPTION SIZE", if the region has to be larger for it. One that becomes a PCI BAR is a power of
/// two.
std::string larger(const SharedRegion& region, std::uint64_t wanted, const char* option) {
    const ExtentAllocator& extents = region.extents;
    if (wanted <= extents.free_bytes()) {
        return "";
    }
    const std::uint64_t used = extents.size_bytes() - extents.free_bytes();
    return std::string(" ") + option + " " +
           std::to_string(std::bit_ceil(used + wanted + ivshmem::kPageBytes));
}

std::string room_of(const SharedRegion& region) {
    const ExtentAllocator& extents = region.extents;
    std::string text = "region " + region.name + " has " + std::to_string(extents.size_bytes());
    if (extents.free_bytes() == extents.size_bytes()) {
        return text + ", all of them free";
    }
    return text + ", of which " + std::to_string(extents.free_bytes()) + " are free, " +
           std::to_string(extents.largest_gap_bytes()) + " in one piece";
}

/// Where not both extents can be had.
Error no_room(const SessionRegions& regions, std::uint64_t in_bytes, std::uint64_t out_bytes) {
    const SharedRegion& input = *regions.input;
    const SharedRegion& output = *regions.output;
    const bool one = &input == &output;
    const std::string options =
        one ? larger(input, in_bytes + out_bytes, "--memory")
            : larger(input, in_bytes, "--memory") + larger(output, out_bytes, "--out-memory");
    const bool file = !input.path.empty();
    return make_error(
        Errc::exhausted,
        "the session needs " + std::to_string(in_bytes) +
            " bytes of shared memory in one piece for input and " + std::to_string(out_bytes) +
            " for output; " + room_of(input) + (one ? "" : "; " + room_of(output)) +
            ". Use a smaller picture, fewer or smaller slots, or " +
            (options.empty()
                 ? "stop another session"
                 : "add VM " + input.owner + " anew, with all that it was added with and" +
                       options + (file ? ", and other files: these keep their size" : "")));
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
    const auto input = regions.input->extents.allocate(in_bytes, place.input);
    if (!input) {
        return no_room(regions, in_bytes, out_bytes);
    }
    SessionMemory memory(std::move(regions), *input);
    const auto output = memory.regions_.output->extents.allocate(out_bytes, place.output);
    if (!output) {
        // As it was before: not less its own input.
        const SessionRegions of = memory.regions_;
        { const SessionMemory given_back = std::move(memory); }
        return no_room(of, in_bytes, out_bytes);
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
