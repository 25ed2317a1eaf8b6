#!/bin/sh
# SPDX-License-Identifier: MIT
# ffmpeg's h264_qsv and hevc_qsv through the software oneVPL runtime, on a chained VAAPI device.
# Usage: ffmpeg_qsv.sh DRIVER_DIR FAKED_NODE
set -eu

export LIBVA_DRIVERS_PATH="$1" LIBVA_DRIVER_NAME=mrda MRDA_VPL_IMPL=hardware
export ONEVPL_PRIORITY_PATH="$1" LD_LIBRARY_PATH="$1/mfx"
faked_node="$2"
command -v ffmpeg >/dev/null || { echo "SKIP: ffmpeg is not installed"; exit 77; }
ffmpeg -hide_banner -encoders 2>/dev/null | grep -q h264_qsv ||
    { echo "SKIP: this ffmpeg has no h264_qsv"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/vpl_common.sh"

make_source
# encode CODEC OUTPUT FILTER...: on a QSV device that is chained to a VAAPI one.
encode() {
    codec=$1 output=$2
    shift 2
    LD_PRELOAD="$faked_node" timeout -k 5 120 ffmpeg -hide_banner -loglevel error -nostdin -y \
        -init_hw_device vaapi=va:/dev/dri/renderD128 -init_hw_device qsv=qsv@va -filter_hw_device va \
        -f rawvideo -pix_fmt nv12 -s "$size" -r 30 -i "$work/source.nv12" "$@" \
        -c:v "${codec}_qsv" -q 22 -f "$codec" "$output" 2>"$work/log" ||
        { cat "$work/log"; echo "FAIL: ${codec}_qsv"; exit 1; }
}

for codec in h264 hevc; do
    encode "$codec" "$work/memory.$codec"
    expect_stream "ffmpeg ${codec}_qsv from system memory" "$work/memory.$codec" 38
    # Uploaded by VAAPI: ffmpeg 5.1's own upload to QSV wants a runtime with video processing.
    encode "$codec" "$work/surface.$codec" \
        -vf "hwupload=extra_hw_frames=32,hwmap=derive_device=qsv,format=qsv"
    expect_stream "ffmpeg ${codec}_qsv from VA surfaces" "$work/surface.$codec" 38
done
