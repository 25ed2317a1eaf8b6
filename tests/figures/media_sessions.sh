#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The figures of media sessions and plugins, a row each: what, goal, figure, holds.
#   tests/figures/media_sessions.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/figures/rows.sh
figures_begin "$0" "$@"

# shellcheck disable=SC2086  # one word a package
figures_install $MRDA_BENCH_PACKAGES
figures_build
cmake --preset tsan -DMRDA_BUILD_TESTS=ON >/dev/null
cmake --build --preset tsan --target media_churn mrda_plugin_kernel mrda_units_plugin >/dev/null
work=$(mktemp -d "${TMPDIR:-/tmp}/mrda-figures.XXXXXX")
trap 'rm -rf "$work"' EXIT

# 1: what the worker does for a frame, counted, against the commit that closed the service.
instruction_row() {
  if python3 tests/figures/worker_instructions.py build >"$work/row" 2>"$work/log" && [ -s "$work/row" ]; then
    rows_read < <(sed 's/^/1: /' "$work/row")
  else
    tail -n 20 "$work/log"
    row "1: instructions a frame" "counted" "broke off" no
  fi
}

# 2: what the framework costs.
cost_rows() {
  build/tests/media_cost build/lib/mrda/plugins ${quick:+500} >"$work/cost"
  row_if "2: send + receive, device-only 4K, median ns" "<= 1000" \
    "$(awk '{ last = $3 } END { print last }' "$work/cost")" \
    "$(awk '{ last = $3 } END { print last }' "$work/cost") <= 1000"
  local ratio
  ratio=$(awk 'NR == 1 { first = $3 } { last = $3 } END { printf "%.2f", last / first }' "$work/cost")
  row_if "2: the same of 4K against 64x64" "<= 1.2" "$ratio" "$ratio <= 1.2"
}

# pipeline_rows NAME OPTION...: 3: a filter, a scaler and an encoder of 1080p, and their trace.
pipeline_rows() {
  local name=$1 figures
  shift
  if ! build/bin/media_pipeline --platform software --json --trace "$work/trace.json" "$@" \
    ${quick:+--frames 20} >"$work/pipeline.json" 2>"$work/log"; then
    cat "$work/log"
    row "3: $name" "runs" fails no
    return
  fi
  figures=$(python3 - "$work/pipeline.json" "$work/trace.json" <<'PY'
import json, sys
told = json.load(open(sys.argv[1], encoding="utf-8"))
events = json.load(open(sys.argv[2], encoding="utf-8"))["traceEvents"]
copied = told["copied_bytes"] + sum(stage["cpu_copied_bytes"] for stage in told["stages"])
# A send and a receive of each frame by each stage, or it is no trace of them.
whole = len(events) == 2 * 3 * told["packets"] and all(event["dur"] >= 0 for event in events)
times = "/".join(f"{sum(e['dur'] for e in events if e['tid'] == stage) / told['packets'] / 1e3:.2f}"
                 for stage in range(3))
print(copied, sum(stage["hand_over"] == "in place" for stage in told["stages"]), whole, times)
PY
)
  local copied in_place whole times
  read -r copied in_place whole times <<<"$figures"
  row_if "3: $name: bytes copied between stages" "0" "$copied" "$copied == 0 && $in_place == 3"
  row "3: $name: ms a frame, by the trace" "each stage" "$times" "$([ "$whole" = True ] && echo yes || echo no)"
}

# 4: four processes at once, each with 128 units, 64 sessions and 16 threads, under TSan.
churn_rows() {
  local seconds=60 seconds_of_memory=20 process status=0 pids=()
  if [ -n "$quick" ]; then
    seconds=8
    seconds_of_memory=5
  fi
  for process in 1 2 3 4; do
    TSAN_OPTIONS="halt_on_error=1 exitcode=66" build/tsan/tests/media_churn \
      build/tsan/lib/mrda/plugins build/tsan/tests/plugins "$seconds" \
      >"$work/churn.$process" 2>"$work/churn.log.$process" &
    pids+=($!)
  done
  for process in "${pids[@]}"; do
    wait "$process" || status=$?
  done
  [ $status = 0 ] || tail -n 40 "$work"/churn.log.*
  row_if "4: 4 processes, 128 units, 64 sessions: $seconds s of TSan" "no report" \
    "exit $status" "$status == 0"
  row_if "4: work items out of order or lost, of" "0" \
    "$(awk '{ wrong += $3; items += $2 } END { print wrong + 0 " of " items }' "$work"/churn.[1-4])" \
    "$(awk '{ wrong += $3; lines += 1 } END { print wrong + 4 - lines }' "$work"/churn.[1-4]) == 0"
  row_if "4: sessions made and ended" "> 1000" \
    "$(awk '{ sum += $1 } END { print sum + 0 }' "$work"/churn.[1-4])" \
    "$(awk '{ sum += $1 } END { print sum + 0 }' "$work"/churn.[1-4]) > 1000"
  row_if "4: descriptors that grew" "0" \
    "$(awk '{ sum += $4 } END { print sum + 0 }' "$work"/churn.[1-4])" \
    "$(awk '{ sum += $4 } END { print sum + 0 }' "$work"/churn.[1-4]) == 0"
  # The same without the sanitizer, whose shadow memory grows by itself.
  build/tests/media_churn build/lib/mrda/plugins build/tests/plugins "$seconds_of_memory" \
    >"$work/churn.memory" 2>"$work/log" || cat "$work/log"
  row_if "4: KiB that grew, of how many sessions" "<= 2048" \
    "$(awk '{ print $5 " of " $1 }' "$work/churn.memory")" \
    "$(awk '{ print $5 }' "$work/churn.memory") + 0 <= 2048"
}

# 5: the conformance check of plugins.
check_rows() {
  local plugin held=0 all=0 named=0 broken=0
  for plugin in build/lib/mrda/plugins/libmrda_*.so; do
    all=$((all + 1))
    local leak=()
    [ "${plugin##*/}" = libmrda_vpl.so ] && leak=(--allow-leak-kib 12)
    SVT_LOG=1 build/bin/mrda-plugin-check --platform software ${leak[@]+"${leak[@]}"} "$plugin" \
      >"$work/check" 2>&1 && held=$((held + 1)) || cat "$work/check"
  done
  row_if "5: built-in plugins that pass mrda-plugin-check" "all of $all" "$held" "$held == $all"
  python3 tests/media/plugin_check_test.py build/bin/mrda-plugin-check build/lib/mrda/plugins \
    build/lib/mrda/samples build/tests/faulty Wrong >"$work/check" 2>&1 && named=yes || cat "$work/check"
  for plugin in build/tests/faulty/libmrda_*.so; do
    broken=$((broken + 1))
  done
  row "5: broken plugins whose fault it names" ">= 10" "$broken" \
    "$([ "$named" = yes ] && [ $broken -ge 10 ] && echo yes || echo no)"
}

rows_begin
if [ -n "$quick" ]; then
  echo "(1, the instructions of a worker's frame, is counted in a full run only)"
else
  instruction_row
fi
cost_rows
if [ -f build/lib/mrda/plugins/libmrda_va.so ]; then
  pipeline_rows "VA, VA, oneVPL"
  pipeline_rows "the same on Level Zero's memory" --device-plugin l0 --device 1
else
  row_skipped "3: filter, scaler, encoder" "0" "built without libva"
fi
churn_rows
check_rows
rows_end
