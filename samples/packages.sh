# SPDX-License-Identifier: MIT
# Which Debian packages MRDA needs, and how they are installed. Sourced by quickstart.sh and the scripts of tests.

MRDA_BUILD_PACKAGES="cmake ninja-build g++ pkg-config libze-dev libva-dev libdrm-dev libvpl-dev libyuv-dev
  libx264-dev libx265-dev libsvtav1enc-dev libopenh264-dev libdav1d-dev libde265-dev libvpx-dev libavutil-dev libcli11-dev nlohmann-json3-dev
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libspdlog-dev libtomlplusplus-dev libsystemd-dev libseccomp-dev"
# For a guest: cmake -DMRDA_GUEST_ONLY=ON.
MRDA_GUEST_PACKAGES="cmake ninja-build g++ pkg-config libcli11-dev nlohmann-json3-dev
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc"
MRDA_SAMPLE_PACKAGES="ffmpeg"
# For quickstart.sh --vm, and whatever else boots a virtual machine.
MRDA_VM_PACKAGES="python3 qemu-system-x86 kmod cpio xz-utils"
MRDA_BENCH_PACKAGES="libiceoryx-posh-dev iceoryx valgrind"
MRDA_TEST_PACKAGES="openssl libgtest-dev libgmock-dev librapidcheck-dev clang-format vainfo onevpl-tools xvfb xauth patchelf
  $MRDA_VM_PACKAGES"

# Installs those of "$@" that are missing, as root or through sudo, and says which.
mrda_install() {
  local missing="" package
  for package in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing="$missing $package"
    fi
  done
  if [ -z "$missing" ]; then
    return 0
  fi
  echo "These Debian packages will be installed (this can take minutes):$missing"
  local as_root=""
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Neither root nor sudo: install them yourself, then run this again:" >&2
      echo "  apt-get install --no-install-recommends$missing" >&2
      return 1
    fi
    as_root=sudo
  fi
  $as_root apt-get update -qq
  # shellcheck disable=SC2086  # one word a package
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# mrda_build PRESET [OPTION ...]: configures with cmake's OPTIONs, and builds. Says how far it is, a line for each tenth;
# the compiler's words are shown if it fails.
mrda_build() (
  set -o pipefail
  preset=$1
  shift
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! { cmake --preset "$preset" "$@" && cmake --build --preset "$preset"; } 2>&1 | tee "$log" | awk '
    match($0, /^\[[0-9]+\/[0-9]+\]/) {
      split(substr($0, 2, RLENGTH - 2), step, "/")
      tenth = int(10 * step[1] / step[2])
      if (step[2] >= 20 && tenth > last) { printf "  %d of %d steps\n", step[1], step[2]; fflush(); last = tenth }
    }'; then
    cat "$log" >&2
    return 1
  fi
)
