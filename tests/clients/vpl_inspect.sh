#!/bin/sh
# SPDX-License-Identifier: MIT
# vpl-inspect finds the software oneVPL runtime through the dispatcher, with its three encoders.
# Usage: vpl_inspect.sh DRIVER_DIR
set -eu

export ONEVPL_PRIORITY_PATH="$1"
command -v vpl-inspect >/dev/null || { echo "SKIP: vpl-inspect is not installed"; exit 77; }

output=$(timeout -k 5 60 vpl-inspect)
for line in "ImplName: mrda-software" "Impl: MFX_IMPL_TYPE_SOFTWARE" "ApiVersion: 2.8" \
    "CodecID: AVC" "CodecID: HEVC" "CodecID: AV1" "MemHandleType: MFX_RESOURCE_VA_SURFACE"; do
    echo "$output" | grep -q "$line" || { echo "FAIL: vpl-inspect does not say \"$line\""; exit 1; }
done
echo "vpl-inspect lists mrda-software at API 2.8 with AVC, HEVC and AV1"
