#!/bin/sh
# SPDX-License-Identifier: MIT
# ffmpeg's VAAPI filters on the software VA driver: uploads, DRM PRIME round trips, conversion, scaling.
# Usage: ffmpeg_vaapi.sh DRIVER_DIR FAKED_NODE
set -eu

export LIBVA_DRIVERS_PATH="$1" LIBVA_DRIVER_NAME=mrda
faked_node="$2"
node=/dev/dri/renderD128

command -v ffmpeg >/dev/null || { echo "SKIP: ffmpeg is not installed"; exit 77; }
ffmpeg -hide_banner -hwaccels 2>/dev/null | grep -q vaapi ||
    { echo "SKIP: this ffmpeg has no VAAPI"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() {
    timeout -k 5 60 ffmpeg -hide_banner -loglevel error -nostdin -y "$@"
}

# on_va FORMAT SIZE INPUT FILTERS OUTPUT: raw video through FILTERS with the VA device at hand. The VA
# device is derived from a DRM one, so that hwmap finds the way to DRM and back.
on_va() {
    LD_PRELOAD="$faked_node" LIBVA_MESSAGING_LEVEL=1 timeout -k 5 60 \
        ffmpeg -hide_banner -loglevel error -nostdin -y \
        -init_hw_device drm=node:"$node" -init_hw_device vaapi=va@node -filter_hw_device va \
        -f rawvideo -pix_fmt "$1" -s "$2" -i "$3" -vf "$4" -f rawvideo "$5"
}

expect_identical() {
    cmp "$2" "$3" || { echo "FAIL: $1 changed the pixels"; exit 1; }
    echo "$1: byte-identical"
}

# expect_psnr WHAT FORMAT SIZE REFERENCE RESULT DECIBELS
expect_psnr() {
    decibels=$(timeout -k 5 60 ffmpeg -hide_banner -nostdin -f rawvideo -pix_fmt "$2" -s "$3" -i "$4" \
        -f rawvideo -pix_fmt "$2" -s "$3" -i "$5" -lavfi psnr -f null - 2>&1 |
        sed -n 's/.*average:\([0-9.inf]*\).*/\1/p')
    echo "$1: $decibels dB"
    [ "$decibels" = inf ] || [ "${decibels%.*}" -ge "$6" ] ||
        { echo "FAIL: $1 gives less than $6 dB"; exit 1; }
}

for format in nv12 yuv420p p010 bgra; do
    pixels=$format
    [ "$format" != p010 ] || pixels=p010le
    run -f lavfi -i testsrc2=s=322x242:r=10:d=0.5 -pix_fmt "$pixels" -f rawvideo "$work/$format"
    on_va "$pixels" 322x242 "$work/$format" \
        "format=$pixels,hwupload,hwdownload,format=$pixels" "$work/$format.back"
    expect_identical "$format upload and download" "$work/$format" "$work/$format.back"
done

on_va nv12 322x242 "$work/nv12" \
    "format=nv12,hwupload,hwmap=derive_device=drm,format=drm_prime,hwmap=derive_device=vaapi,format=vaapi,hwdownload,format=nv12" \
    "$work/round_trip"
expect_identical "nv12 to DRM PRIME and back to VAAPI" "$work/nv12" "$work/round_trip"

run -f rawvideo -pix_fmt nv12 -s 322x242 -i "$work/nv12" \
    -vf scale=640:360:flags=bilinear -pix_fmt nv12 -f rawvideo "$work/scaled.expected"
on_va nv12 322x242 "$work/nv12" "format=nv12,hwupload,scale_vaapi=640:360,hwdownload,format=nv12" \
    "$work/scaled"
expect_psnr "nv12 scaled up, against swscale" nv12 640x360 "$work/scaled.expected" "$work/scaled" 30

run -f rawvideo -pix_fmt bgra -s 322x242 -i "$work/bgra" -pix_fmt nv12 -f rawvideo "$work/converted.expected"
on_va bgra 322x242 "$work/bgra" "format=bgra,hwupload,scale_vaapi=format=nv12,hwdownload,format=nv12" \
    "$work/converted"
expect_psnr "bgra converted to nv12, against swscale" nv12 322x242 "$work/converted.expected" \
    "$work/converted" 35
