#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The chain's figures, a row each: what, goal, figure, holds.
#   tests/figures/chain.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/figures/rows.sh
figures_begin "$0" "$@"

frames=300 cycles=10000 pairs=7
[ -z "$quick" ] || frames=20 cycles=1000 pairs=3
width=1280 height=720

figures_install
figures_build
work=$(mktemp -d "${TMPDIR:-/tmp}/mrda-figures.XXXXXX")
trap 'rm -rf "$work"' EXIT
ff() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }
demuxer() { case $1 in h265) echo hevc ;; av1) echo obu ;; *) echo "$1" ;; esac; }
field() { python3 -c 'import json,sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("/"): value = value.get(key) if isinstance(value, dict) else None
print("none" if value is None else value)' "$1" "$2"; }

# Both references are 4:2:0: what the encoder sees of BGRA is that after conversion (BT.601, limited range).
make_sources() {
  ff -f lavfi -i "testsrc2=size=${width}x$height:rate=30" -frames:v "$frames" -pix_fmt nv12 -f rawvideo "$work/NV12.raw"
  cp --reflink=auto "$work/NV12.raw" "$work/NV12.reference"
  ff -f lavfi -i "testsrc2=size=${width}x$height:rate=30" -frames:v "$frames" \
    -vf 'scale=in_color_matrix=bt601:flags=bicubic+accurate_rnd+full_chroma_int,format=bgra' -f rawvideo "$work/BGRA.raw"
  ff -f rawvideo -pix_fmt bgra -s "${width}x$height" -i "$work/BGRA.raw" \
    -vf 'scale=out_color_matrix=bt601:out_range=limited:flags=area+accurate_rnd' -pix_fmt nv12 -f rawvideo "$work/BGRA.reference"
}

# psnr ENCODED CODEC REFERENCE
psnr() {
  local picture="-f rawvideo -pix_fmt nv12 -s ${width}x$height -r 30"
  rm -f "$work/decoded.raw" # of the row before: it must not pass for this one
  ff -f "$(demuxer "$2")" -i "$1" -pix_fmt nv12 -f rawvideo "$work/decoded.raw" || { echo 0; return; }
  [ "$(stat -c %s "$work/decoded.raw")" = "$(stat -c %s "$3")" ] || { echo 0; return; }
  # shellcheck disable=SC2086  # several words
  ffmpeg -nostdin -hide_banner $picture -i "$work/decoded.raw" $picture -i "$3" -lavfi psnr -f null - 2>&1 |
    sed -n 's/.*PSNR.* average:\([^ ]*\).*/\1/p' | sed 's/inf/99/'
}

chain() { # FORMAT OUTPUT REPORT [option ...]
  local format=$1 output=$2 report=$3
  shift 3
  build/bin/usm_to_va --platform software --format "$format" --width $width --height $height \
    -i "$work/$format.raw" --frames "$frames" --encode "$output" --report "$report" "$@" >/dev/null 2>"$work/stderr" ||
    { cat "$work/stderr" >&2; return 1; }
}

quality_rows() {
  local format codec import goal report=$work/report.json figure copied
  for format in NV12 BGRA; do
    for codec in h264 h265 av1; do
      goal=40
      [ $codec = av1 ] && goal=38
      for import in prime2 prime userptr; do
        if chain $format "$work/out.$codec" "$report" --import $import; then
          figure=$(psnr "$work/out.$codec" $codec "$work/$format.reference")
          copied=$(field "$report" cpu_copied_bytes_per_frame)
        else
          figure=0 copied=failed
        fi
        row_if "1 $format $codec $import: PSNR dB, bytes copied by CPU" ">= $goal, 0" "$figure, $copied" \
          "$figure >= $goal && \"$copied\" == \"0\""
      done
    done
  done
}

# A preloaded library looks at what x264_encoder_encode receives: by import type, and by the route that copies.
proof_rows() {
  local what
  for what in by_prime2_x264_reads_the_objects_of_the_usm by_prime_x264_reads_the_objects_of_the_usm \
    by_userptr_x264_reads_the_host_pages_of_the_usm by_map_x264_reads_other_memory; do
    if python3 tests/samples/memory_test.py build/bin/usm_to_va build/tests/mrda_x264_probe.so "Memory.test_$what" \
      >"$work/proof" 2>&1; then
      row "1 proof: ${what//_/ }" "every plane" "every plane" yes
    else
      row "1 proof: ${what//_/ }" "every plane" fails no
      cat "$work/proof"
    fi
  done
}

client_rows() {
  local name status count=0
  ctest --test-dir build -L clients --parallel "$(nproc)" --output-junit "$work/junit.xml" >/dev/null 2>&1 || true
  while read -r name; do
    count=$((count + 1))
    status=$(sed -n "s/.*<testcase name=\"$name\".* status=\"\([a-z]*\)\".*/\1/p" "$work/junit.xml")
    case $status in
      run) row "2 $name" passes passes yes ;;
      notrun | disabled) row_skipped "2 $name" passes "see: ctest --test-dir build -V -R $name" ;;
      *) row "2 $name" passes fails no ;;
    esac
  done < <(ctest --test-dir build -N -L clients | sed -n 's/^ *Test *#[0-9]*: //p')
  [ $count -gt 0 ] || row "2 other people's programs" "some tests" "none built" no
}

seconds_of() { # command ...: wall seconds on standard output
  local begin end
  begin=$(date +%s%N)
  "$@" >/dev/null || return 1
  end=$(date +%s%N)
  awk "BEGIN { print ($end - $begin) / 1e9 }"
}

speed_row() {
  local threads i ours peer ratio
  threads=$(awk "BEGIN { t = int($(nproc) * 1.5); print t < 4 ? t : 4 }")
  # What the runtime opens for CQP 22, AsyncDepth 4, TargetUsage 4: see vpl/soft/encode_x264.cpp.
  peer_encode() {
    ff -f rawvideo -pix_fmt nv12 -s ${width}x$height -r 30 -i "$work/NV12.raw" -c:v libx264 -preset veryfast \
      -x264-params "qp=22:ipratio=1:pbratio=1:keyint=60:min-keyint=1:scenecut=0:ref=1:bframes=0:b-adapt=0:rc-lookahead=0:sync-lookahead=0:mbtree=0:force-cfr=1:threads=$threads" \
      -f h264 "$work/peer.h264"
  }
  : >"$work/ratios"
  for i in $(seq $pairs); do
    if [ $((i % 2)) = 0 ]; then
      ours=$(seconds_of chain NV12 "$work/ours.h264" "$work/report.json")
      peer=$(seconds_of peer_encode)
    else
      peer=$(seconds_of peer_encode)
      ours=$(seconds_of chain NV12 "$work/ours.h264" "$work/report.json")
    fi
    awk "BEGIN { print $peer / $ours }" >>"$work/ratios"
  done
  ratio=$(sort -n "$work/ratios" | awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] }')
  row_if "3 speed against ffmpeg, same x264 settings, $pairs pairs" ">= 0.97" "$ratio" "$ratio >= 0.97"
  # Beside the time: the same work was done. SEI names the settings in x264's words, and is no picture.
  row_if "3 its bitstream: slices that differ from ffmpeg's" 0 "$(differing_slices)" "$(differing_slices) == 0"
}

differing_slices() {
  local file
  for file in ours peer; do
    ff -i "$work/$file.h264" -c:v copy -bsf:v 'filter_units=pass_types=1|5' -f framemd5 "$work/$file.md5" ||
      { echo -1; return; }
  done
  diff <(grep -v '^#' "$work/ours.md5" | awk '{ print $NF }') <(grep -v '^#' "$work/peer.md5" | awk '{ print $NF }') |
    grep -c '^[<>]' || true
}

cycle_rows() {
  local figure
  if figure=$(build/tests/import_cycles "$cycles"); then
    row "4 $cycles import/destroy cycles: fd, mapping, KiB growth" "0, 0, < 512" "$figure" yes
  else
    row "4 $cycles import/destroy cycles: fd, mapping, KiB growth" "0, 0, < 512" "$figure" no
  fi
}

sanitizer_rows() {
  local preset
  for preset in asan tsan; do
    if [ -n "$quick" ]; then
      echo "4 tests under $preset: not part of the quick run"
    elif mrda_build $preset && ctest --preset $preset --parallel "$(nproc)" >"$work/$preset.log" 2>&1; then
      row "4 tests under $preset" "0 failed" "$(sed -n 's/.*tests passed, \(.*\) out of.*/\1/p' "$work/$preset.log")" yes
    else
      row "4 tests under $preset" "0 failed" failed no
      tail -n 20 "$work/$preset.log"
    fi
  done
}

make_sources
rows_begin
quality_rows
proof_rows
client_rows
speed_row
cycle_rows
sanitizer_rows
rows_end
