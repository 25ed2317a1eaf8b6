#!/bin/sh
# SPDX-License-Identifier: MIT
# IVSHMEM's PCI devices, in a guest, as root.
#   tests/vm/ivshmem.sh list             a line each: its address, and the driver that has it ("-": none)
#   tests/vm/ivshmem.sh bind ADDRESS     gives it to vfio-pci and prints its group in /dev/vfio; the machine needs an IOMMU
#                                        (QEMU: -device intel-iommu,intremap=on)
#   tests/vm/ivshmem.sh unbind ADDRESS   takes it back
set -eu
devices=/sys/bus/pci/devices

driver_of() {
  if [ -e "$1/driver" ]; then basename "$(readlink -f "$1/driver")"; else echo -; fi
}

list() {
  for device in "$devices"/*; do
    [ "$(cat "$device/vendor" "$device/device" | tr '\n' ' ')" = "0x1af4 0x1110 " ] || continue
    echo "$(basename "$device") $(driver_of "$device")"
  done
}

# find_device ADDRESS
find_device() {
  if ! list | grep -q "^$1 "; then
    echo "ivshmem.sh: there is no IVSHMEM device at $1; there are: $(list | tr '\n' ';')" >&2
    exit 1
  fi
  device=$devices/$1
}

release() {
  [ ! -e "$device/driver" ] || basename "$device" >"$device/driver/unbind"
}

case ${1:-} in
  list) list ;;
  bind)
    find_device "$2"
    if [ ! -e "$device/iommu_group" ]; then
      echo "ivshmem.sh: $2 is behind no IOMMU; start QEMU with -device intel-iommu,intremap=on" >&2
      exit 1
    fi
    release
    echo vfio-pci >"$device/driver_override"
    echo "$2" >/sys/bus/pci/drivers_probe
    if [ "$(driver_of "$device")" != vfio-pci ]; then
      echo "ivshmem.sh: vfio-pci did not take $2" >&2
      exit 1
    fi
    echo "/dev/vfio/$(basename "$(readlink -f "$device/iommu_group")")"
    ;;
  unbind)
    find_device "$2"
    release
    echo >"$device/driver_override"
    ;;
  *) sed -n '3,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
