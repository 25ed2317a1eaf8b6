#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The service's figures, a row each: what, goal, figure, holds.
#   tests/figures/service.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/figures/rows.sh
figures_begin "$0" "$@"

# shellcheck disable=SC2086  # one word a package
figures_install $MRDA_BENCH_PACKAGES
figures_build
work=$(mktemp -d "${TMPDIR:-/tmp}/mrda-figures.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What mrda-bench measures against its peers.
bench_rows() {
  build/bin/mrda-bench --json $quick >"$work/bench.json" 2>"$work/bench.log" || true
  python3 - "$work/bench.json" >"$work/bench.rows" <<'PY' || { cat "$work/bench.log"; row "1 and 2: mrda-bench" "runs" fails no; return; }
import json, sys
for row in json.load(open(sys.argv[1], encoding="utf-8")):
    ratio = row.get("ratio")
    figure = "see mrda-bench" if ratio is None else f"{ratio:.3f}"
    holds = "skipped" if ratio is None else "yes" if row["holds"] else "no"
    print(f"{row['name']}|{row['goal']}|{figure}|{holds}")
PY
  rows_read <"$work/bench.rows"
}

# rows_of NAME SCRIPT: what a script shows, a line for each row.
rows_of() {
  local status=0
  python3 "tests/figures/$2" build $quick >"$work/rows" 2>"$work/rows.log" || status=$?
  rows_read <"$work/rows"
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
