#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The figures of MRDA in virtual machines (QEMU without KVM), a row each: what, goal, figure, holds.
#   tests/figures/vm.sh [--quick]     --quick: a reduced run in under 60 s
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/figures/rows.sh
figures_begin "$0" "$@"

figures_install
tests/vm/fetch.sh || [ $? = 77 ]
figures_build

rows_begin
rows_read < <(PYTHONDONTWRITEBYTECODE=1 python3 tests/figures/vm_rows.py build $quick || echo "the rows|all|broke off|no")
rows_end
