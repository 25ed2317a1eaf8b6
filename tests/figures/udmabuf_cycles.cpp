// SPDX-License-Identifier: MIT
// A slot of shared memory -> DMA-BUF of /dev/udmabuf, made, mapped, written and closed N times.
//     udmabuf_cycles [N]     10000
// Prints one line of JSON: what this process grew by, and how many DMA-BUFs more the kernel has
// (null where debugfs does not tell). Exits 0 if nothing grew, 1 if something did, 2 with the
// reason if a cycle failed, 77 where there is no /dev/udmabuf.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "footprint.h"
#include "mrda/interop/udmabuf.h"

namespace {

using mrda::figures::Footprint;
using mrda::figures::measure_footprint;

constexpr const char* kDevice = "/dev/udmabuf";
constexpr std::uint64_t kSlotBytes = 24 * 4096;  // A frame of 320x180 in NV12.
constexpr std::uint64_t kSlots = 8;
constexpr long kWarmUpCycles = 100;

/// Of udmabuf, in use by whomever: a line each in debugfs, with the exporter's name.
std::optional<long> kernel_objects() {
    std::ifstream info("/sys/kernel/debug/dma_buf/bufinfo");
    if (!info) {
        return std::nullopt;
    }
    long count = 0;
    for (std::string word; info >> word;) {
        count += word == "udmabuf" ? 1 : 0;
    }
    return count;
}

mrda::Result<mrda::Fd> new_memory() {
    mrda::Fd memory(::memfd_create("udmabuf_cycles", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory || ::ftruncate(memory.get(), kSlots * kSlotBytes) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
        return mrda::os_error("memfd_create", errno, "cannot make shared memory");
    }
    return memory;
}

mrda::Result<void> cycle(int memory, std::uint64_t slot) {
    MRDA_ASSIGN(const mrda::DmaBuf made,
                mrda::export_range_as_dma_buf(memory, slot * kSlotBytes, kSlotBytes));
    void* const seen =
        ::mmap(nullptr, kSlotBytes, PROT_READ | PROT_WRITE, MAP_SHARED, made.fd(), 0);
    if (seen == MAP_FAILED) {
        return mrda::os_error("mmap", errno, "cannot map a DMA-BUF");
    }
    MRDA_TRY(made.begin_cpu_access(mrda::DmaBuf::Access::write));
    std::memset(seen, static_cast<int>(slot), kSlotBytes);
    MRDA_TRY(made.end_cpu_access(mrda::DmaBuf::Access::write));
    ::munmap(seen, kSlotBytes);
    return {};
}

mrda::Result<void> run(int memory, long cycles) {
    for (long i = 0; i < cycles; ++i) {
        MRDA_TRY(cycle(memory, static_cast<std::uint64_t>(i) % kSlots));
    }
    return {};
}

mrda::Result<bool> measure(long cycles) {
    MRDA_ASSIGN(const mrda::Fd memory, new_memory());
    MRDA_TRY(run(memory.get(), kWarmUpCycles));
    const auto objects_before = kernel_objects();
    const Footprint before = measure_footprint();
    MRDA_TRY(run(memory.get(), cycles));
    const Footprint grown = measure_footprint() - before;
    const auto objects = kernel_objects();
    const bool known = objects && objects_before;
    const long more = known ? *objects - *objects_before : 0;
    std::cout << "{\"cycles\": " << cycles << ", \"descriptors\": " << grown.descriptors
              << ", \"mappings\": " << grown.mappings
              << ", \"resident_kib\": " << grown.resident_kib
              << ", \"kernel_objects\": " << (known ? std::to_string(more) : "null") << "}\n";
    return grown.is_no_growth() && more <= 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (::access(kDevice, R_OK | W_OK) != 0) {
        std::cout << "skipped: " << kDevice << ": " << std::strerror(errno) << '\n';
        return 77;
    }
    const auto steady = measure(argc > 1 ? std::atol(argv[1]) : 10000);
    if (!steady.ok()) {
        std::cout << to_string(steady.error()) << '\n';
        return 2;
    }
    return *steady ? 0 : 1;
}
