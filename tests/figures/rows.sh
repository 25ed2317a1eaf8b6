# SPDX-License-Identifier: MIT
# What every figures script shares: how it is called, the build it measures, a table of rows (what, goal, figure,
# holds), and the exit code that follows from it. Sourced, from the top of the project.

. samples/packages.sh

# figures_begin "$0" "$@": `quick` is --quick or empty. The script's third and fourth line say what it is.
figures_begin() {
  local script=$1
  shift
  quick=""
  [ $# -lt 2 ] || { echo "${script##*/}: one option at most, found $#: $*" >&2; exit 2; }
  case ${1:-} in
    "") ;;
    --quick) quick=--quick ;;
    -h | --help) sed -n '3,4s/^# \{0,1\}//p' "tests/figures/${script##*/}"; exit 0 ;;
    *) echo "${script##*/}: unknown option $1; there is --quick" >&2; exit 2 ;;
  esac
}

# figures_install [PACKAGE ...]: what is missing of all that is needed, PACKAGEs too.
figures_install() {
  # shellcheck disable=SC2086  # one word a package
  mrda_install $MRDA_BUILD_PACKAGES $MRDA_SAMPLE_PACKAGES $MRDA_TEST_PACKAGES "$@"
}

figures_build() {
  echo "Building what is measured:"
  mrda_build dev -DMRDA_BUILD_TESTS=ON
  echo
}

rows=0
rows_failed=0
rows_skipped=0

rows_begin() { printf '%-58s %-14s %-18s %s\n' what goal figure holds; }

# row WHAT GOAL FIGURE yes|no
row() {
  printf '%-58s %-14s %-18s %s\n' "$1" "$2" "$3" "$4"
  rows=$((rows + 1))
  [ "$4" = yes ] || rows_failed=$((rows_failed + 1))
}

# row_skipped WHAT GOAL WHY
row_skipped() {
  printf '%-58s %-14s %-18s %s\n' "$1" "$2" "skipped" "$3"
  rows=$((rows + 1)) rows_skipped=$((rows_skipped + 1))
}

# row_if WHAT GOAL FIGURE EXPRESSION: holds if the awk expression is true.
row_if() { row "$1" "$2" "$3" "$(awk "BEGIN { print ($4) ? \"yes\" : \"no\" }")"; }

# rows_read: those that stand in its input, a line each, their four parts between bars.
rows_read() {
  local what goal figure holds
  while IFS='|' read -r what goal figure holds || [ -n "$what" ]; do
    case $holds in
      skipped) row_skipped "$what" "$goal" "$figure" ;;
      *) row "$what" "$goal" "$figure" "$holds" ;;
    esac
  done
}

# 0: all hold; 1: some do not, or there is none; 77: all that ran hold, and some were skipped.
rows_end() {
  echo
  echo "$rows_failed do not hold, $rows_skipped skipped"
  [ "$rows_failed" = 0 ] && [ "$rows" -gt 0 ] || exit 1
  [ "$rows_skipped" = 0 ] || exit 77
  exit 0
}
