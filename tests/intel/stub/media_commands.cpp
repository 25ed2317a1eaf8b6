// SPDX-License-Identifier: MIT
#include <algorithm>

#include "commands.h"

namespace mrda::stub {

namespace {

constexpr std::uint32_t kOpcode = 0xffff0000;

// Which of a pipe's surfaces is the encoder's source, by its id in the command.
constexpr std::uint32_t kMfxSource = 4;
constexpr std::uint32_t kHcpSource = 1;

// The dword of a pipe's addresses at which the source's begins.
constexpr std::size_t kMfxPicture = 7;
constexpr std::size_t kHcpPicture = 54;
constexpr std::size_t kVdencPicture = 10;

// Where AVP_PIPE_BUF_ADDR_STATE names the tile's record, on devices that encode AV1.
constexpr std::size_t kAvpTileRecord = 194;

/// The four dwords that MFX_SURFACE_STATE and VDENC_SRC_SURFACE_STATE have in common, from the
/// third on.
void set_surface(SourceSurface& surface, Dwords command) {
    surface.width_px = bits(command[2], 4, 14) + 1;
    surface.height_px = bits(command[2], 18, 14) + 1;
    surface.pitch_bytes = bits(command[3], 3, 17) + 1;
    surface.tile_mode = bits(command[3], 0, 2);
    surface.chroma_row = bits(command[4], 0, 15);
}

Next mfx_pipe_mode_select(EngineState& engine, Dwords command) {
    const bool encodes = bits(command[1], 4, 1) != 0;
    const bool is_avc = bits(command[1], 0, 4) == 2;
    engine.source.select(Pipe::mfx, encodes && is_avc ? "avc" : nullptr);
    return {};
}

Next mfx_surface_state(EngineState& engine, Dwords command) {
    if (bits(command[1], 0, 4) == kMfxSource) {
        set_surface(engine.source.surface(Pipe::mfx), command);
    }
    return {};
}

Next mfx_pipe_buf_addr_state(EngineState& engine, Dwords command) {
    engine.source.set_picture(Pipe::mfx, address_at(command, kMfxPicture));
    return {};
}

/// The driver reads an AV1 frame's length from what the pipe records of each tile, at an address of
/// its own: where it wrote, how much of it, and how much of that is the tile's. The rest are the
/// headers that precede it.
Next avp_pipe_buf_addr_state(EngineState& engine, Dwords command) {
    constexpr std::uint32_t kHeaderBytes = 64;
    const std::uint64_t record = address_at(command, kAvpTileRecord);
    const std::uint32_t written = engine.registers.frame_bytes();
    engine.store32(record + 8, written);
    engine.store32(record + 12, written - std::min(written, kHeaderBytes));
    return {};
}

Next hcp_pipe_mode_select(EngineState& engine, Dwords command) {
    const bool encodes = bits(command[1], 0, 1) != 0;
    const bool is_hevc = bits(command[1], 5, 3) == 0;
    engine.source.select(Pipe::hcp, encodes && is_hevc ? "hevc" : nullptr);
    return {};
}

Next hcp_surface_state(EngineState& engine, Dwords command) {
    if (bits(command[1], 28, 4) == kHcpSource) {
        SourceSurface& surface = engine.source.surface(Pipe::hcp);
        surface.pitch_bytes = bits(command[1], 0, 17) + 1;
        surface.chroma_row = bits(command[2], 0, 15);
    }
    return {};
}

Next hcp_pipe_buf_addr_state(EngineState& engine, Dwords command) {
    engine.source.set_picture(Pipe::hcp, address_at(command, kHcpPicture));
    engine.source.surface(Pipe::hcp).tile_mode = bits(command[kHcpPicture + 2], 13, 2);
    return {};
}

/// The size of a frame in its smallest coding blocks, and theirs in powers of two of 8.
Next hcp_pic_state(EngineState& engine, Dwords command) {
    const std::uint32_t block_px = 8U << bits(command[2], 0, 2);
    SourceSurface& surface = engine.source.surface(Pipe::hcp);
    surface.width_px = (bits(command[1], 0, 11) + 1) * block_px;
    surface.height_px = (bits(command[1], 16, 11) + 1) * block_px;
    return {};
}

Next vdenc_pipe_mode_select(EngineState& engine, Dwords command) {
    constexpr std::array<const char*, 4> kCodecs{"hevc", "vp9", "avc", "av1"};
    const std::uint32_t standard = bits(command[1], 0, 4);
    engine.source.select(Pipe::vdenc, standard < kCodecs.size() ? kCodecs[standard] : nullptr);
    return {};
}

Next vdenc_src_surface_state(EngineState& engine, Dwords command) {
    set_surface(engine.source.surface(Pipe::vdenc), command);
    return {};
}

Next vdenc_pipe_buf_addr_state(EngineState& engine, Dwords command) {
    engine.source.set_picture(Pipe::vdenc, address_at(command, kVdencPicture));
    return {};
}

// The render engine's media commands have the same opcodes as MFX's, and are shorter.
constexpr std::array kCommands{
    Command{kOpcode, 0x70000000, kLength12, "MFX_PIPE_MODE_SELECT", 2, mfx_pipe_mode_select},
    Command{kOpcode, 0x70010000, kLength12, "MFX_SURFACE_STATE", 6, mfx_surface_state},
    Command{kOpcode, 0x70020000, kLength12, "MFX_PIPE_BUF_ADDR_STATE", 61, mfx_pipe_buf_addr_state},
    Command{kOpcode, 0x70030000, kLength12, "MFX_IND_OBJ_BASE_ADDR_STATE"},
    Command{kOpcode, 0x70800000, kLength12, "VDENC_PIPE_MODE_SELECT", 2, vdenc_pipe_mode_select},
    Command{kOpcode, 0x70810000, kLength12, "VDENC_SRC_SURFACE_STATE", 6, vdenc_src_surface_state},
    Command{kOpcode, 0x70820000, kLength12, "VDENC_REF_SURFACE_STATE"},
    Command{kOpcode, 0x70840000, kLength12, "VDENC_PIPE_BUF_ADDR_STATE", kVdencPicture + 3,
            vdenc_pipe_buf_addr_state},
    Command{kOpcode, 0x71820000, kLength12, "AVP_PIPE_BUF_ADDR_STATE", kAvpTileRecord + 2,
            avp_pipe_buf_addr_state},
    Command{kOpcode, 0x73800000, kLength12, "HCP_PIPE_MODE_SELECT", 2, hcp_pipe_mode_select},
    Command{kOpcode, 0x73810000, kLength12, "HCP_SURFACE_STATE", 3, hcp_surface_state},
    Command{kOpcode, 0x73820000, kLength12, "HCP_PIPE_BUF_ADDR_STATE", kHcpPicture + 3,
            hcp_pipe_buf_addr_state},
    Command{kOpcode, 0x73830000, kLength12, "HCP_IND_OBJ_BASE_ADDR_STATE"},
    Command{kOpcode, 0x73900000, kLength12, "HCP_PIC_STATE", 3, hcp_pic_state},
};

}  // namespace

std::span<const Command> media_commands() {
    return kCommands;
}

}  // namespace mrda::stub
