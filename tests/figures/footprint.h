// SPDX-License-Identifier: MIT
#pragma once

#include <dirent.h>

#include <fstream>
#include <string>

namespace mrda::figures {

/// What a leak makes a process grow by.
struct Footprint {
    long descriptors = 0;
    long mappings = 0;
    long resident_kib = 0;

    Footprint operator-(const Footprint& before) const {
        return {descriptors - before.descriptors, mappings - before.mappings,
                resident_kib - before.resident_kib};
    }
    /// The allocator keeps some of what was freed; growth beyond this is a leak at any number of
    /// cycles.
    [[nodiscard]] bool is_no_growth() const {
        constexpr long kResidentSlackKib = 512;
        return descriptors == 0 && mappings == 0 && resident_kib < kResidentSlackKib;
    }
};

/// This process's.
inline Footprint measure_footprint() {
    Footprint now;
    if (DIR* directory = ::opendir("/proc/self/fd")) {
        while (::readdir(directory) != nullptr) {
            ++now.descriptors;
        }
        ::closedir(directory);
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        ++now.mappings;
    }
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") {
            status >> now.resident_kib;
        }
    }
    return now;
}

}  // namespace mrda::figures
