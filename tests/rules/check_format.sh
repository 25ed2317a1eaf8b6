#!/bin/bash
# SPDX-License-Identifier: MIT
# check_format.sh ROOT: every C++ source is as .clang-format says. Versions of clang-format differ in
# taste, so only the one of Debian 12 is asked; ends with 77 where it is absent.
set -euo pipefail

wanted=14
tool=""
for candidate in "clang-format-$wanted" clang-format; do
    if "$candidate" --version 2>/dev/null | grep -q "version $wanted\."; then
        tool=$candidate
        break
    fi
done
if [[ -z $tool ]]; then
    echo "clang-format $wanted is not installed (package clang-format): style not checked"
    exit 77
fi

cd "$1"
find . \( -name '.?*' -o -name 'build*' \) -prune -o \
    -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 |
    xargs -0 "$tool" --dry-run --Werror
