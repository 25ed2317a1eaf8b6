// SPDX-License-Identifier: MIT
// The whole chain, several times in one process; a line of JSON for each: what came of it, and what
// the process holds afterwards. Exits 0 if all went well, 1 if one failed.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "chain.h"
#include "crash.h"
#include "mrda/interop/pci_address.h"
#include "support/process_counts.h"

namespace {

using mrda::intel::ChainFigures;
using mrda::intel::ChainOptions;

nlohmann::json outcome(const mrda::Result<ChainFigures>& result) {
    if (result.ok()) {
        return {{"ok", true}, {"packets", result->packets}, {"bytes", result->bytes}};
    }
    const mrda::Error& error = result.error();
    return {{"ok", false},
            {"code", std::string(mrda::to_string(error.code))},
            {"api", std::string(mrda::to_string(error.api))},
            {"native", error.native},
            {"call", error.call},
            {"message", error.message}};
}

}  // namespace

int main(int count, char** words) {
    ChainOptions options;
    std::string codec = "avc";
    std::string device;
    unsigned times = 1;
    CLI::App app("USM -> DMA-BUF -> VA surface -> oneVPL, on the GPU's own drivers.");
    app.add_option("--codec", codec)->check(CLI::IsMember({"avc", "hevc"}));
    app.add_option("--device", device, "a PCI address");
    app.add_option("--width", options.width_px);
    app.add_option("--height", options.height_px);
    app.add_option("--frames", options.frames);
    app.add_option("--times", times, "how often");
    CLI11_PARSE(app, count, words);
    options.codec = codec == "hevc" ? mrda::vpl::Codec::hevc : mrda::vpl::Codec::avc;
    if (!device.empty()) {
        const auto address = mrda::parse_pci_address(device);
        if (!address) {
            std::cerr << mrda::to_string(address.error()) << '\n';
            return 2;
        }
        options.device = *address;
    }
    mrda::intel::tell_crashes();
    bool well = true;
    for (unsigned i = 0; i < times; ++i) {
        const auto result = mrda::intel::run_chain(options);
        const auto held = mrda::test::process_counts();
        nlohmann::json told = outcome(result);
        told["descriptors"] = held.descriptors;
        told["mappings"] = held.mappings;
        std::cout << told.dump() << std::endl;
        well = well && result.ok();
    }
    return well ? 0 : 1;
}
