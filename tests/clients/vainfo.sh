#!/bin/sh
# SPDX-License-Identifier: MIT
# vainfo lists exactly what the software VA driver does, on a DRM node and on an X11 display.
# Usage: vainfo.sh DRIVER_DIR FAKED_NODE
set -eu

export LIBVA_DRIVERS_PATH="$1" LIBVA_DRIVER_NAME=mrda
faked_node="$2"

command -v vainfo >/dev/null || { echo "SKIP: vainfo is not installed"; exit 77; }

# expect_only_video_processing WHERE OUTPUT
expect_only_video_processing() {
    listed=$(echo "$2" | grep VAProfile | tr -s '\t ' ' ' || true)
    if [ "$listed" != " VAProfileNone : VAEntrypointVideoProc" ]; then
        echo "FAIL: on $1 vainfo lists: $listed"
        exit 1
    fi
    echo "$2" | grep -q "Driver version: MRDA" || { echo "FAIL: on $1 another driver answers"; exit 1; }
    echo "vainfo on $1 lists VAProfileNone with VAEntrypointVideoProc and nothing else"
}

output=$(LD_PRELOAD="$faked_node" timeout -k 5 60 \
    vainfo --display drm --device /dev/dri/renderD128 2>/dev/null)
expect_only_video_processing "a DRM node" "$output"

if command -v xvfb-run >/dev/null && command -v xauth >/dev/null; then
    output=$(timeout -k 5 60 xvfb-run -a vainfo --display x11 2>/dev/null)
    expect_only_video_processing "an X11 display" "$output"
else
    echo "note: the X11 display is left out: xvfb-run or xauth is not installed"
fi
