// SPDX-License-Identifier: MIT
#include "decoded_frames.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "interop/temp_files.h"

namespace mrda::service::test {

std::optional<std::size_t> decoded_frames(const std::vector<ScriptedGuest::Packet>& packets,
                                          const char* format) {
    const TempDir dir;
    const std::string path = dir.file("stream");
    std::ofstream file(path, std::ios::binary);
    for (const ScriptedGuest::Packet& packet : packets) {
        file.write(reinterpret_cast<const char*>(packet.data.data()),
                   static_cast<std::streamsize>(packet.data.size()));
    }
    file.close();
    const std::string command =
        "command -v ffprobe >/dev/null && ffprobe -v error -f " + std::string(format) +
        " -count_frames -show_entries stream=nb_read_frames -of csv=p=0 " + path;
    const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
    char line[64] = "";
    if (!output || std::fgets(line, sizeof line, output.get()) == nullptr) {
        return std::nullopt;
    }
    return std::strtoul(line, nullptr, 10);
}

}  // namespace mrda::service::test
