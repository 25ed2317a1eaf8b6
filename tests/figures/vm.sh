#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The figures of MRDA in virtual machines (QEMU without KVM), a row each: what, goal, figure, holds.
#   tests/figures/vm.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. samples/packages.sh
. tests/figures/rows.sh

quick=""
case ${1:-} in
  "") ;;
  --quick) quick=--quick ;;
  -h | --help) sed -n '3,4s/^# \{0,1\}//p' tests/figures/vm.sh; exit 0 ;;
  *) echo "vm.sh: unknown option $1" >&2; exit 2 ;;
esac

# shellcheck disable=SC2086  # one word a package
mrda_install $MRDA_BUILD_PACKAGES $MRDA_SAMPLE_PACKAGES $MRDA_TEST_PACKAGES
tests/vm/fetch.sh || [ $? = 77 ]
mrda_build dev -DMRDA_BUILD_TESTS=ON

rows_begin
while IFS='|' read -r what goal figure holds; do
  case $holds in
    skipped) row_skipped "$what" "$goal" "$figure" ;;
    *) row "$what" "$goal" "$figure" "$holds" ;;
  esac
done < <(PYTHONDONTWRITEBYTECODE=1 python3 tests/figures/vm_rows.py build $quick || echo "the rows|all|broke off|no")
rows_end
