#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds MRDA, and runs the main job: a guest puts a video's frames into shared memory,
# the service encodes them where they lie, and the bitstream comes back. Then it shows how good the result is.
set -euo pipefail
export LC_ALL=C  # Figures have a decimal point, in every locale.
. "$(dirname "$0")/packages.sh"

usage() {
  cat <<'TXT'
usage: samples/quickstart.sh [--input VIDEO] [--codec h264|h265|av1] [--platform auto|gpu|software] [--frames N]

  --input VIDEO   a video that ffmpeg reads; without it, one is synthesised
  --codec CODEC   what to encode to (h264)
  --platform P    auto takes the GPU if its whole chain works, else MRDA's software drivers (auto)
  --frames N      at most so many frames (300)

A picture with an odd width or height loses its last column or row, and the frame rate is rounded to whole frames.

Results are written to build/quickstart/.
TXT
}

# needs WHAT OPTION [VALUE ...]: ends with 2 where the option has no value; another option is none.
needs() {
  case ${3:-} in
    "" | --*) echo "quickstart.sh: $2 needs $1" >&2; exit 2 ;;
  esac
}

input="" codec=h264 platform=auto frames=300
while [ $# -gt 0 ]; do
  case $1 in
    --input) needs "a video" "$@"; input=$2; shift 2 ;;
    --codec) needs "h264, h265 or av1" "$@"; codec=$2; shift 2 ;;
    --platform) needs "auto, gpu or software" "$@"; platform=$2; shift 2 ;;
    --frames) needs "a number" "$@"; frames=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "quickstart.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
done
case $codec in h264 | h265 | av1) ;; *) echo "quickstart.sh: codec $codec: choose h264, h265 or av1" >&2; exit 2 ;; esac
if [ -n "$input" ] && [ ! -r "$input" ]; then
  echo "quickstart.sh: cannot read $input" >&2
  exit 3
fi
[ -z "$input" ] || input=$(realpath "$input")
case $platform in auto | gpu | software) ;; *) echo "quickstart.sh: platform $platform: choose auto, gpu or software" >&2; exit 2 ;; esac
case $frames in "" | *[!0-9]* | 0) echo "quickstart.sh: frames $frames: choose a number from 1 on" >&2; exit 2 ;; esac
cd "$(dirname "$0")/.."

# shellcheck disable=SC2086  # one word a package
mrda_install $MRDA_BUILD_PACKAGES $MRDA_SAMPLE_PACKAGES
echo "Building (a few minutes the first time) ..."
# The tests want packages of their own.
mrda_build dev -DMRDA_BUILD_TESTS=OFF

out=build/quickstart
mkdir -p "$out"
raw=$out/source.nv12 encoded=$out/encoded.$codec decoded=$out/decoded.nv12 report=$out/report.json
ff() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

if [ -n "$input" ]; then
  echo "Reading at most $frames frames of $input"
  size=$(ffprobe -v error -select_streams v:0 -show_entries stream=width,height -of csv=p=0:s=x "$input" | head -n 1 | grep -oE "^[0-9]+x[0-9]+" || true)
  if [ -z "$size" ]; then
    echo "quickstart.sh: ffmpeg finds no video in $input" >&2
    exit 7
  fi
  # 4:2:0 wants even sizes.
  width=$((${size%x*} / 2 * 2)) height=$((${size#*x} / 2 * 2))
  rate=$(ffprobe -v error -select_streams v:0 -show_entries stream=r_frame_rate -of csv=p=0 "$input" | head -n 1)
  fps=$(awk -F/ '{ f = $2 ? $1 / $2 : $1; r = int(f + 0.5); print (r < 1 || r > 240) ? 30 : r }' <<<"${rate%,}")
  ff -noautorotate -i "$input" -map 0:v:0 -frames:v "$frames" -vf "crop=$width:$height" -pix_fmt nv12 -f rawvideo "$raw"
else
  width=1280 height=720 fps=30
  echo "Synthesising $frames frames of ${width}x$height"
  ff -f lavfi -i "testsrc2=size=${width}x$height:rate=$fps" -frames:v "$frames" -pix_fmt nv12 -f rawvideo "$raw"
fi

# A service of its own, which ends with this script.
run=$(mktemp -d)
export MRDA_RUNTIME_DIR=$run
stop_service() {
  if [ -n "${service:-}" ]; then
    kill "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
  fi
  rm -rf "$run"
}
trap stop_service EXIT
# A newcomer's machine may be busy, and the video large.
cat >"$run/mrda.toml" <<TOML
[limits]
max_pixels_per_second = 4000000000
cpu_load = 2.0
TOML
build/bin/mrda-service --config "$run/mrda.toml" --state-dir "$run/state" --platform "$platform" &
service=$!
for _ in $(seq 100); do  # choosing the platform may walk a GPU's whole chain
  [ -S "$run/mrda.sock" ] && [ -S "$run/admin.sock" ] && break
  kill -0 "$service" 2>/dev/null || { service=""; exit 1; }
  sleep 0.2
done
echo
build/bin/mrda_sample_app -i "$raw" -o "$encoded" --width "$width" --height "$height" --fps "$fps" \
  --colorFormat nv12 --codecId "$codec" --rcMode 0 --qp 22 --json >"$report"
cat "$report"

container=$codec
[ "$codec" = h265 ] && container=hevc
[ "$codec" = av1 ] && container=obu
ff -f "$container" -i "$encoded" -pix_fmt nv12 -f rawvideo "$decoded"
picture="-f rawvideo -pix_fmt nv12 -s ${width}x$height -r $fps"
# shellcheck disable=SC2086  # several words
psnr=$(ffmpeg -nostdin -hide_banner $picture -i "$decoded" $picture -i "$raw" -lavfi psnr -f null - 2>&1 |
  sed -n 's/.*PSNR.* average:\([^ ]*\).*/\1/p')
frame_bytes=$((width * height * 3 / 2))
count=$(($(stat -c %s "$raw") / frame_bytes))
decoded_count=$(($(stat -c %s "$decoded") / frame_bytes))
if [ "$count" != "$decoded_count" ] || [ -z "$psnr" ]; then
  echo "quickstart.sh: $count frames went in, $decoded_count came out of the decoder" >&2
  exit 1
fi
middle=$((count / 2))
# shellcheck disable=SC2086  # several words
ff $picture -i "$raw" $picture -i "$decoded" -frames:v 1 \
  -lavfi "[0]select=eq(n\,$middle)[a];[1]select=eq(n\,$middle)[b];[a][b]hstack" "$out/side_by_side.png"
field() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" "$report" | head -n 1; }

per_frame() { echo $(($(field "$1") / count)); }

printf '\nPSNR %s dB over %d frames, %.1f frames/s, path %s; bytes copied per frame: by a CPU %s, inside the codec %s\n' \
  "$psnr" "$count" "$(field fps)" "$(sed -n 's/.*"path": "\(.*\)".*/\1/p' "$report")" \
  "$(per_frame cpu_copied_bytes)" "$(per_frame codec_copied_bytes)"
cat <<TXT

What was made:
  $PWD/$encoded            the encoded video
  $PWD/$out/side_by_side.png    source (left) and decoded (right)
  $PWD/$report             every step and figure, for programs
TXT
