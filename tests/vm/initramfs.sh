#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes build/vm/initramfs.cpio: busybox, the modules that the guest needs beyond what its kernel has built in, and init.sh.
#   tests/vm/initramfs.sh        does nothing if it is there and nothing that it is made of is newer
set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
cd "$(dirname "$0")/../.."
modules="virtio_net 9pnet_virtio 9p vgem vfio_iommu_type1 vfio-pci"

dir=$PWD/build/vm
exec 9>"$dir/.lock"
flock 9
made=$dir/initramfs.cpio
if [ "$made" -nt tests/vm/init.sh ] && [ "$made" -nt tests/vm/initramfs.sh ] && [ "$made" -nt "$dir/.complete" ]; then
  exit 0
fi

tree=$dir/initramfs
rm -rf "$tree"
mkdir -p "$tree"/{bin,dev,host,modules,proc,sys}
cp "$dir/busybox" "$tree/bin/busybox"
install -m 0755 tests/vm/init.sh "$tree/init"
version=$(ls "$dir/lib/modules")
for module in $modules; do
  modprobe --config /dev/null --dirname "$dir" --set-version "$version" --show-depends "$module"
done | while read -r what path _; do
  # What several need is named several times; the first is early enough.
  name=$(basename "$path" .xz)
  [ "$what" = insmod ] && ! [ -e "$tree/modules/$name" ] || continue
  xz --decompress --stdout "$path" >"$tree/modules/$name"
  echo "$name" >>"$tree/modules/order"
done
(cd "$tree" && find . | sort | cpio --quiet --create --format newc --owner 0:0) >"$made.new"
rm -rf "$tree"
mv "$made.new" "$made"
