#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The figures of MRDA on Intel's own drivers, over a stand-in for the kernel's render node, a row each: what, goal, figure, holds.
#   tests/figures/intel.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/figures/rows.sh
figures_begin "$0" "$@"

figures_install
for set in xe-header debian12 debian12-nonfree newer newer-nonfree; do
  tests/intel/fetch.sh "$set" || [ $? = 77 ]
done
figures_build

rows_begin
rows_read < <(PYTHONDONTWRITEBYTECODE=1 python3 tests/figures/intel_rows.py build $quick || echo "the rows|all|broke off|no")

# 5: what tests/run.sh runs of it.
if [ -n "$quick" ]; then
  echo "(5, the time that the tests take, is measured in a full run only)"
else
  begin=$SECONDS
  held=no
  ctest --test-dir build --no-tests=error --label-regex '^intel$' --parallel "$(nproc)" >build/intel/tests.log && held=yes
  if [ $held = yes ] && grep -q 'Skipped' build/intel/tests.log; then
    row_skipped "5: the tests pass" "yes" "$(grep -c '[*][*][*]Skipped' build/intel/tests.log) of them were skipped"
  else
    row "5: the tests pass" "yes" "$(grep -o '[0-9]*% tests passed' build/intel/tests.log)" $held
  fi
  row_if "5: seconds that the tests take" "< 240" "$((SECONDS - begin))" "$((SECONDS - begin)) < 240"
fi
rows_end
