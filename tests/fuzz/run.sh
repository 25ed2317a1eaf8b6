#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh BUILD [SECONDS]: runs every fuzzer of BUILD for SECONDS (20) each; ends with 1 at the first
# finding, which the fuzzer leaves in the current directory.
set -euo pipefail

build=$1
seconds=${2:-20}
fuzzers=("$build"/fuzzers/fuzz_*)
if [[ ! -x ${fuzzers[0]} ]]; then
    echo "no fuzzer in $build/fuzzers: cmake --build $build --target mrda_fuzzers" >&2
    exit 1
fi
for fuzzer in "${fuzzers[@]}"; do
    echo "== $(basename "$fuzzer"), $seconds s"
    "$fuzzer" -max_total_time="$seconds" -max_len=1024 -print_final_stats=1 -verbosity=0
done
