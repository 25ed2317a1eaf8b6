#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds, and runs every test; ends with ctest's summary of each preset.
#   tests/run.sh [PRESET ...]     dev by default; CI runs ci, asan and tsan
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
. samples/packages.sh

case ${1:-} in
  -h | --help) sed -n '3,4s/^# \{0,1\}//p' tests/run.sh; exit 0 ;;
esac
[ $# -gt 0 ] || set -- dev
# shellcheck disable=SC2086  # one word a package
mrda_install $MRDA_BUILD_PACKAGES $MRDA_SAMPLE_PACKAGES $MRDA_TEST_PACKAGES

# Intel's own drivers, for the tests over a stand-in for a GPU: unpacked into build/intel, not installed. What cannot be fetched is skipped
# by its tests.
for set in xe-header debian12 debian12-nonfree newer newer-nonfree; do
  tests/intel/fetch.sh "$set" || [ $? = 77 ]
done

# The kernel of the tests' virtual machines: likewise, into build/vm.
tests/vm/fetch.sh || [ $? = 77 ]

failed=0
for preset in "$@"; do
  echo "== $preset: building"
  mrda_build "$preset" -DMRDA_BUILD_TESTS=ON
  echo "== $preset: testing"
  ctest --preset "$preset" --parallel "$(nproc)" || failed=1
done
exit $failed
