# SPDX-License-Identifier: MIT
# What the scripts of oneVPL's clients share; they source it and have $work.

frames=60
size=640x352

make_source() {
    timeout -k 5 60 ffmpeg -hide_banner -loglevel error -nostdin -y -f lavfi \
        -i "testsrc2=s=$size:r=30" -frames:v "$frames" -pix_fmt nv12 -f rawvideo "$work/source.nv12"
}

# expect_stream WHAT STREAM DECIBELS: as many frames as the source has, and as like it as that.
expect_stream() {
    timeout -k 5 60 ffmpeg -hide_banner -loglevel error -nostdin -y -i "$2" -fps_mode passthrough \
        -pix_fmt nv12 -f rawvideo "$work/decoded.nv12"
    expected=$(wc -c <"$work/source.nv12")
    decoded=$(wc -c <"$work/decoded.nv12")
    [ "$decoded" -eq "$expected" ] ||
        { echo "FAIL: $1 decodes to $decoded bytes, not $expected"; exit 1; }
    decibels=$(timeout -k 5 60 ffmpeg -hide_banner -nostdin -f rawvideo -pix_fmt nv12 -s "$size" \
        -i "$work/source.nv12" -f rawvideo -pix_fmt nv12 -s "$size" -i "$work/decoded.nv12" \
        -lavfi psnr -f null - 2>&1 | sed -n 's/.*average:\([0-9.inf]*\).*/\1/p')
    echo "$1: $frames frames, $decibels dB"
    [ "$decibels" = inf ] || [ "${decibels%.*}" -ge "$3" ] ||
        { echo "FAIL: $1 gives less than $3 dB"; exit 1; }
}
