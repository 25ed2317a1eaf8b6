#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches what a guest of the tests boots, as Debian packages it, into build/vm: a kernel with udmabuf, vgem and vfio-pci, its
# modules, and a static busybox. Nothing is installed.
#   tests/vm/fetch.sh
# Exit code: 0: it is there; 77: it could not be fetched, and the last line says why.
set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
cd "$(dirname "$0")/../.."
. tests/support/packages_aside.sh
case ${1:-} in
  -h | --help) sed -n '3,6s/^# \{0,1\}//p' tests/vm/fetch.sh; exit 0 ;;
esac

dir=$PWD/build/vm
mkdir -p "$dir"
exec 9>"$dir/.lock"
flock 9

fetch() {
  local root=$dir/.apt all=$dir/all image
  command -v depmod >/dev/null || { echo "depmod is missing (Debian package kmod)"; return 1; }
  aside_open "$root" system || return 1
  : >"$root/status"  # A kernel that this system has installed is fetched all the same.
  # Point releases leave the archive when the next one comes; the metapackage names the one that is there.
  image=$(aside_apt "$root" -s --no-install-recommends install linux-image-6.12-amd64 |
    sed -n 's/^Inst \(linux-image-6\.12\.[^ ]*\) .*/\1/p')
  aside_unpack_alone "$root" "$all" "${image:?the archive has no linux-image-6.12-amd64}" busybox-static || return 1
  rm -rf "${dir:?}/lib"
  mv "$all"/boot/vmlinuz-* "$dir/vmlinuz" && mv "$all/lib" "$dir/lib" && mv "$all/bin/busybox" "$dir/busybox" &&
    mv "$all.versions" "$dir/versions" || return 1
  depmod --basedir "$dir" "$(ls "$dir/lib/modules")" || return 1
  rm -rf "$all" "$root"
}

[ -f "$dir/.complete" ] && exit 0
if ! (fetch) >"$dir/fetch.log" 2>&1; then
  tail -n 5 "$dir/fetch.log" >&2
  echo "the guest's kernel could not be fetched: $(tail -n 1 "$dir/fetch.log")"
  exit 77
fi
touch "$dir/.complete"
