#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds MRDA, and runs the main job: a guest puts a video's frames into shared memory,
# the service encodes them where they lie, and the bitstream comes back. Then it shows how good the result is.
set -euo pipefail
export LC_ALL=C  # Figures have a decimal point, in every locale.
. "$(dirname "$0")/packages.sh"

usage() {
  cat <<'TXT'
usage: samples/quickstart.sh [--vm] [--input VIDEO] [--codec h264|h265|av1] [--platform auto|gpu|software] [--frames N]

  --vm            the guest is a virtual machine with an IVSHMEM device, under QEMU (no KVM is needed); its bitstream
                  must be that of a guest on this host
  --input VIDEO   a video that ffmpeg reads; without it, one is synthesised
  --codec CODEC   what to encode to (h264)
  --platform P    auto takes the GPU if its whole chain works, else MRDA's software drivers (auto)
  --frames N      at most so many frames (300)
  --results FOLDER
                  where to write (build/quickstart)
  --built FOLDER  build nothing: MRDA is built in FOLDER already

A picture with an odd width or height loses its last column or row, and the frame rate is rounded to whole frames.

Exit code: 0: done; 2: wrong use; 3: not found; 7: no video in what was named; 77: with --vm, no machine can be had here,
and the last line says why; 1: failed; of the encoding program, its own (README.md).
TXT
}

# needs WHAT OPTION [VALUE ...]: ends with 2 where the option has no value; another option is none.
needs() {
  case ${3:-} in
    "" | --*) echo "quickstart.sh: $2 needs $1" >&2; exit 2 ;;
  esac
}

input="" codec=h264 platform=auto frames=300 vm="" results="" built=""
while [ $# -gt 0 ]; do
  case $1 in
    --input) needs "a video" "$@"; input=$2; shift 2 ;;
    --codec) needs "h264, h265 or av1" "$@"; codec=$2; shift 2 ;;
    --platform) needs "auto, gpu or software" "$@"; platform=$2; shift 2 ;;
    --frames) needs "a number" "$@"; frames=$2; shift 2 ;;
    --results) needs "a folder" "$@"; results=$2; shift 2 ;;
    --built) needs "a folder" "$@"; built=$2; shift 2 ;;
    --vm) vm=yes; shift ;;
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
if [ -n "$built" ] && [ ! -x "$built/bin/mrda-service" ]; then
  echo "quickstart.sh: $built has no bin/mrda-service; without --built it is built" >&2
  exit 3
fi
[ -z "$built" ] || built=$(realpath "$built")
[ -z "$results" ] || results=$(realpath -m "$results")
cd "$(dirname "$0")/.."

packages="$MRDA_SAMPLE_PACKAGES ${vm:+$MRDA_VM_PACKAGES}"
[ -n "$built" ] || packages="$MRDA_BUILD_PACKAGES $packages"
# shellcheck disable=SC2086  # one word a package
mrda_install $packages
if [ -n "$vm" ]; then
  [ -e build/vm/.complete ] || echo "Fetching the virtual machine's kernel (about 100 MB, once) ..."
  tests/vm/fetch.sh || exit $?
fi
if [ -z "$built" ]; then
  built=$PWD/build
  echo "Building (10 to 15 minutes on two cores the first time) ..."
  # The tests want packages of their own.
  mrda_build dev -DMRDA_BUILD_TESTS=OFF
fi

out=${results:-$PWD/build/quickstart}
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
service="" machine=""
stop() {
  local process
  for process in $machine $service; do
    kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
  done
  rm -rf "$run"
}
trap stop EXIT
# A newcomer's machine may be busy, and the video large.
cat >"$run/mrda.toml" <<TOML
[limits]
max_pixels_per_second = 4000000000
cpu_load = 2.0
TOML
"$built/bin/mrda-service" --config "$run/mrda.toml" --state-dir "$run/state" --platform "$platform" &
service=$!
for _ in $(seq 100); do  # choosing the platform may walk a GPU's whole chain
  [ -S "$run/mrda.sock" ] && [ -S "$run/admin.sock" ] && break
  kill -0 "$service" 2>/dev/null || { service=""; exit 1; }
  sleep 0.2
done
echo

guest=("$built/bin/mrda_sample_app" -i "$raw" --width "$width" --height "$height" --fps "$fps"
  --colorFormat nv12 --codecId "$codec" --rcMode 0 --qp 22 --json)

# The device has room for the session's slots and one more, as a page of it is its own.
# Without KVM, a machine takes up to a minute to boot, and a second for some megabytes of frames.
encode_in_vm() {
  local memory seconds slots=8 code=0
  memory=$("$built/bin/mrdactl" --json size "${width}x$height" NV12 $((slots + 1)) | sed -n 's/.*"region_bytes": \([0-9]*\).*/\1/p')
  seconds=$((300 + $(stat -c %s "$raw") / 1000000))
  # What the machine prints is for people; the report is a file of its own. Awaited, so that a signal ends both at once.
  tests/vm/run.sh --memory "$memory" --timeout "$seconds" --platform "$platform" --results "$out" --build "$built" \
    sh -c 'report=$1; shift; exec "$@" >"$report"' sh "$report" "${guest[@]}" --bufferNum $slots -o "$encoded" &
  machine=$!
  wait "$machine" || code=$?
  machine=""
  return "$code"
}

if [ -z "$vm" ]; then
  "${guest[@]}" -o "$encoded" >"$report"
else
  "${guest[@]}" -o "$out/host.$codec" >"$report"
  echo "Booting a virtual machine, and encoding the same in it ..."
  encode_in_vm
  if ! cmp "$out/host.$codec" "$encoded"; then
    echo "quickstart.sh: the virtual machine's bitstream is not that of a guest on this host" >&2
    exit 1
  fi
fi
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
words() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" "$report"; }

per_frame() { echo $(($(field "$1") / count)); }

printf '\nPSNR %s dB over %d frames, %.1f frames/s, path %s; bytes copied per frame: by a CPU %s, inside the codec %s\n' \
  "$psnr" "$count" "$(field fps)" "$(words path)" \
  "$(per_frame cpu_copied_bytes)" "$(per_frame codec_copied_bytes)"
if [ -n "$vm" ]; then
  printf 'In a virtual machine, over an ivshmem-doorbell device: woken: %s; bytes copied in the machine %s;\n' \
    "$(words woken)" "$(field guest_copied_bytes)"
  echo "the bitstream is the same as that of a guest on this host, byte for byte"
fi
cat <<TXT

What was made:
  $encoded            the encoded video
  $out/side_by_side.png    source (left) and decoded (right)
  $report             every figure, for programs
TXT
