# SPDX-License-Identifier: MIT
# What every figures script shares: a table of rows (what, goal, figure, holds), and the exit code that follows
# from it. Sourced.

rows_failed=0
rows_skipped=0

rows_begin() { printf '%-58s %-14s %-18s %s\n' what goal figure holds; }

# row WHAT GOAL FIGURE yes|no
row() {
  printf '%-58s %-14s %-18s %s\n' "$1" "$2" "$3" "$4"
  [ "$4" = yes ] || rows_failed=$((rows_failed + 1))
}

# row_skipped WHAT GOAL WHY
row_skipped() {
  printf '%-58s %-14s %-18s %s\n' "$1" "$2" "skipped" "$3"
  rows_skipped=$((rows_skipped + 1))
}

# row_if WHAT GOAL FIGURE EXPRESSION: holds if the awk expression is true.
row_if() { row "$1" "$2" "$3" "$(awk "BEGIN { print ($4) ? \"yes\" : \"no\" }")"; }

# 0: all hold; 1: some do not; 77: all that ran hold, and some were skipped.
rows_end() {
  echo
  echo "$rows_failed do not hold, $rows_skipped skipped"
  [ "$rows_failed" = 0 ] || exit 1
  [ "$rows_skipped" = 0 ] || exit 77
  exit 0
}
