#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a program in a virtual machine that has an IVSHMEM device of a service that is started for it.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TXT'
usage: tests/vm/run.sh [OPTION ...] PROGRAM [ARGUMENT ...]

Boots a Linux guest under QEMU (no KVM is needed), runs PROGRAM in it as root, from the tree's folder, and prints what it writes. The
guest's files are this host's, read-only, by the same paths; /tmp, /run and /dev are its own. The guest library finds the device, and the
service of this host by MRDA_ADDRESS and MRDA_TOKEN in PROGRAM's environment. Machine and service end with PROGRAM.

  --device KIND      doorbell: with interrupts, bound to vfio-pci; plain: the memory alone (doorbell)
  --memory SIZE      of the device: a power of two (128M)
  --results FOLDER   PROGRAM may write there, by the same path
  --timeout SECONDS  PROGRAM is ended after so long (600)
  --platform P       the service's: auto, gpu or software (auto)
  --build FOLDER     where MRDA is built (build)

  tests/vm/run.sh --results build build/bin/mrda_sample_app -o build/out.h264 --width 1280 --height 720 --codecId h264
  tests/vm/run.sh --device plain sh tests/vm/ivshmem.sh list

Exit code: PROGRAM's (128 + N: ended by signal N; 127: not found); 2: wrong use; 77: no machine can be had here; 124: the time was up;
125: machine or service failed. Of the last three, standard error says why.
TXT
}

fail() {
  echo "run.sh: $2" >&2
  exit "$1"
}

# needs WHAT OPTION [VALUE ...]: ends with 2 where the option has no value; another option is none.
needs() {
  case ${3:-} in
    "" | --*) fail 2 "$2 needs $1" ;;
  esac
}

device=doorbell memory=128M results="" seconds=600 platform=auto build=""
while [ $# -gt 0 ]; do
  case $1 in
    --device) needs "doorbell or plain" "$@"; device=$2; shift 2 ;;
    --memory) needs "a size" "$@"; memory=$2; shift 2 ;;
    --results) needs "a folder" "$@"; results=$2; shift 2 ;;
    --timeout) needs "a number of seconds" "$@"; seconds=$2; shift 2 ;;
    --platform) needs "auto, gpu or software" "$@"; platform=$2; shift 2 ;;
    --build) needs "a folder" "$@"; build=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -*) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || fail 2 "no program is named; see --help"
case $device in doorbell | plain) ;; *) fail 2 "device $device: choose doorbell or plain" ;; esac
case $platform in auto | gpu | software) ;; *) fail 2 "platform $platform: choose auto, gpu or software" ;; esac
case $seconds in "" | *[!0-9]* | 0) fail 2 "timeout $seconds: choose a number of seconds from 1 on" ;; esac
if [ -n "$results" ]; then
  [ -d "$results" ] && [ -w "$results" ] || fail 2 "--results $results is no folder that can be written"
  results=$(realpath "$results")
fi
[ -z "$build" ] || build=$(realpath "$build")
cd "$(dirname "$0")/../.."
[ -n "$build" ] || build=$PWD/build
[ -x "$build/bin/mrda-service" ] ||
  fail 2 "$build has no bin/mrda-service; build MRDA first (samples/quickstart.sh does), or name another folder by --build"

. samples/packages.sh
# shellcheck disable=SC2086  # one word a package
mrda_install $MRDA_VM_PACKAGES >&2 || exit 77
tests/vm/fetch.sh >&2 || exit 77
exec python3 -B tests/vm/run.py "$build" "$device" "$memory" "$platform" "$seconds" "$results" "$@"
