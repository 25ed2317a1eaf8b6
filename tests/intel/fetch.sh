#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches Intel's own drivers, as Debian packages them, into build/intel, and unpacks them there. Nothing is installed.
#   tests/intel/fetch.sh SET...
#     debian12          this Debian's own, the free VA driver; Level Zero knows Alder Lake-P and DG2
#     debian12-nonfree  this Debian's VA driver with the non-free kernels
#     newer             Debian unstable's, with the C library that they need; Level Zero knows the xe devices
#     newer-nonfree     Debian unstable's VA driver with the non-free kernels
#     xe-header         the kernel's header that declares xe
# Exit code: 0: all are there; 77: one could not be fetched, and the last line says which and why.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/support/packages_aside.sh
case ${1:-} in
  "" | -h | --help) sed -n '3,10s/^# \{0,1\}//p' tests/intel/fetch.sh; exit 0 ;;
esac
for set in "$@"; do
  case $set in
    debian12 | debian12-nonfree | newer | newer-nonfree | xe-header) ;;
    *) echo "fetch.sh: there is no set $set; see --help" >&2; exit 2 ;;
  esac
done

dir=$PWD/build/intel
mkdir -p "$dir"
exec 9>"$dir/.lock"
flock 9

compute="intel-opencl-icd"
media="intel-media-va-driver libmfx-gen1.2"
fetch() {
  local root
  case $1 in
    debian12*) root=system ;;
    *) root=sid ;;
  esac
  aside_open "$dir/.apt/$root" $root || return 1
  root=$dir/.apt/$root
  # shellcheck disable=SC2086  # one word a package
  case $1 in
    debian12) aside_unpack "$root" "$dir/$1" $compute $media libigdgmm12 libigc1 libigdfcl1 ;;
    newer) aside_unpack "$root" "$dir/$1" $compute libze-intel-gpu1 libze1 $media libvpl2 libva2 libva-drm2 libdrm2 libstdc++6 libc6 ;;
    debian12-nonfree | newer-nonfree) aside_unpack "$root" "$dir/$1" intel-media-va-driver-non-free ;;
    xe-header)
      # The system's libdrm is older than xe.
      local headers
      headers=$(aside_apt "$root" -s install linux-headers-amd64 | sed -n 's/^Inst \(linux-headers-[^ ]*-common\) .*/\1/p')
      aside_unpack "$root" "$dir/$1.all" "${headers:?no headers of Linux}" &&
        mkdir -p "$dir/$1" &&
        cp "$dir/$1.all"/usr/src/linux-headers-*/include/uapi/drm/xe_drm.h "$dir/$1/" &&
        mv "$dir/$1.all.versions" "$dir/$1.versions" && rm -rf "$dir/$1.all"
      ;;
  esac
}

for set in "$@"; do
  [ -f "$dir/$set.complete" ] && continue
  if ! (fetch "$set") >"$dir/$set.log" 2>&1; then
    tail -n 5 "$dir/$set.log" >&2
    echo "$set could not be fetched: $(tail -n 1 "$dir/$set.log")"
    exit 77
  fi
  touch "$dir/$set.complete"
done
