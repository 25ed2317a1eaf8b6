#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The service's figures, a row each: what, goal, figure, holds.
#   tests/figures/service.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. samples/packages.sh
. tests/figures/rows.sh

quick=()
case ${1:-} in
  "") ;;
  --quick) quick=(--quick) ;;
  -h | --help) sed -n '3,4s/^# \{0,1\}//p' tests/figures/service.sh; exit 0 ;;
  *) echo "service.sh: unknown option $1" >&2; exit 2 ;;
esac

# shellcheck disable=SC2086  # one word a package
mrda_install $MRDA_BUILD_PACKAGES $MRDA_SAMPLE_PACKAGES $MRDA_TEST_PACKAGES ${MRDA_BENCH_PACKAGES:-}
mrda_build dev -DMRDA_BUILD_TESTS=ON
work=$(mktemp -d "${TMPDIR:-/tmp}/mrda-figures.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What mrda-bench measures against its peers.
bench_rows() {
  build/bin/mrda-bench --json ${quick[@]+"${quick[@]}"} >"$work/bench.json" 2>"$work/bench.log" || true
  python3 - "$work/bench.json" >"$work/bench.rows" <<'PY' || { cat "$work/bench.log"; row "1 and 2: mrda-bench" "runs" fails no; return; }
import json, sys
for row in json.load(open(sys.argv[1], encoding="utf-8")):
    ratio = row.get("ratio")
    figure = "skipped" if ratio is None else f"{ratio:.3f}"
    holds = "skipped" if ratio is None else "yes" if row["holds"] else "no"
    print(f"{row['name']}|{row['goal']}|{figure}|{holds}")
PY
  local what goal figure holds
  while IFS='|' read -r what goal figure holds; do
    if [ "$holds" = skipped ]; then
      row_skipped "$what" "$goal" "see mrda-bench"
    else
      row "$what" "$goal" "$figure" "$holds"
    fi
  done <"$work/bench.rows"
}

# rows_of NAME SCRIPT: what a script shows, a line for each row.
rows_of() {
  local what goal figure holds status=0
  python3 "tests/figures/$2" build ${quick[@]+"${quick[@]}"} >"$work/rows" 2>"$work/rows.log" || status=$?
  while IFS='|' read -r what goal figure holds; do
    row "$what" "$goal" "$figure" "$holds"
  done <"$work/rows"
  if [ $status != 0 ]; then
    tail -n 20 "$work/rows.log"
    row "$1: every row" "shown" "broke off" no
  fi
}

rows_begin
bench_rows
rows_of "3" service_encode_rows.py
rows_of "4 and 5" service_rows.py
rows_end
