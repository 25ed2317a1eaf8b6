#!/bin/sh
# SPDX-License-Identifier: MIT
# sample_encode -sw on the software oneVPL runtime: each codec gives a stream that ffmpeg decodes.
# Usage: sample_encode_sw.sh DRIVER_DIR
set -eu

export ONEVPL_PRIORITY_PATH="$1"
for client in sample_encode ffmpeg; do
    command -v "$client" >/dev/null || { echo "SKIP: $client is not installed"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/vpl_common.sh"

make_source
for codec in h264 h265 av1; do
    # AV1 counts its quantiser to 255.
    [ "$codec" = av1 ] && qp=88 || qp=22
    for depth in 1 4; do
        timeout -k 5 120 sample_encode "$codec" -sw -i "$work/source.nv12" -nv12 -w 640 -h 352 -f 30 \
            -cqp -qpi "$qp" -qpp "$qp" -qpb "$qp" -async "$depth" -o "$work/out.$codec" \
            >"$work/log" 2>&1 || { cat "$work/log"; echo "FAIL: sample_encode $codec"; exit 1; }
        expect_stream "sample_encode -sw $codec, $depth operations" "$work/out.$codec" 38
    done
done
timeout -k 5 120 sample_encode h264 -sw -i "$work/source.nv12" -nv12 -w 640 -h 352 -f 30 -vbr -b 2000 \
    -r 3 -o "$work/vbr.h264" >"$work/log" 2>&1 || { cat "$work/log"; echo "FAIL: VBR"; exit 1; }
expect_stream "sample_encode -sw h264 at 2000 kbit/s with B frames" "$work/vbr.h264" 30
