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
for codec in h264 hevc; do
    LD_PRELOAD="$faked_node" timeout -k 5 120 ffmpeg -hide_banner -loglevel error -nostdin -y \
        -init_hw_device vaapi=va:/dev/dri/renderD128 -init_hw_device qsv=qsv@va -filter_hw_device qsv \
        -f rawvideo -pix_fmt nv12 -s "$size" -r 30 -i "$work/source.nv12" \
        -vf hwupload=extra_hw_frames=16,format=qsv -c:v "${codec}_qsv" -q 22 -f "$codec" "$work/out.$codec" \
        2>"$work/log" || { cat "$work/log"; echo "FAIL: ${codec}_qsv"; exit 1; }
    expect_stream "ffmpeg ${codec}_qsv on surfaces" "$work/out.$codec" 38
done
