#!/bin/sh
# SPDX-License-Identifier: MIT
# sample_encode -hw -vaapi: VA surfaces of the software VA driver, encoded by the software oneVPL runtime.
# Usage: sample_encode_hw.sh DRIVER_DIR FAKED_NODE
set -eu

export ONEVPL_PRIORITY_PATH="$1" LIBVA_DRIVERS_PATH="$1" LIBVA_DRIVER_NAME=mrda
export MRDA_VPL_IMPL=hardware
faked_node="$2"
for client in sample_encode ffmpeg; do
    command -v "$client" >/dev/null || { echo "SKIP: $client is not installed"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/vpl_common.sh"

make_source
for codec in h264 h265; do
    LD_PRELOAD="$faked_node" timeout -k 5 120 sample_encode "$codec" -hw -vaapi -i "$work/source.nv12" \
        -nv12 -w 640 -h 352 -f 30 -cqp -qpi 22 -qpp 22 -qpb 22 -async 4 -o "$work/out.$codec" \
        >"$work/log" 2>&1 || { cat "$work/log"; echo "FAIL: sample_encode $codec"; exit 1; }
    expect_stream "sample_encode -hw -vaapi $codec" "$work/out.$codec" 40
done
