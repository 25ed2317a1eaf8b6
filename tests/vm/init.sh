#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# The guest's first process. It makes the host's files, read-only, the guest's own, and runs what comes over the ports that
# guest.py opened: a line "TOKEN COMMAND", the command in base64. What goes back is the line "TOKEN PID", what the command
# writes, and at once "TOKEN CODE" and a line's end. Nobody but the two ends knows the token, so no output can pass for that.
/bin/busybox --install -s /bin
export PATH=/bin
host=/host
environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8"

# fail WHAT: says it on the console, and ends the machine.
fail() {
  echo "init: $1"
  poweroff -f
}

# hosts_files: the host's root, with the guest's own devices and memory where programs write.
hosts_files() {
  mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 root "$host" || return 1
  mount -o bind /dev "$host/dev" && mount -o bind /proc "$host/proc" && mount -o bind /sys "$host/sys" || return 1
  for folder in tmp run dev/shm; do
    mount -t tmpfs -o mode=1777 tmpfs "$host/$folder" || return 1
  done
}

# network: QEMU's user network: 10.0.2.2 is the host's 127.0.0.1. Without a default route it leads nowhere else.
network() {
  ip link set lo up || return 1
  for card in /sys/class/net/*/device; do
    card=$(basename "$(dirname "$card")")
    ip address add 10.0.2.15/24 dev "$card" && ip link set "$card" up
    return
  done
}

# serve PORT: one command at a time, for ever.
serve() {
  exec 3<>"/dev/$1"
  while :; do
    while read -r token command <&3; do
      # In a session of its own, so that its process id is its process group's too.
      setsid sh -c 'echo "$1 $$"; exec chroot "$2" /usr/bin/env -i $3 /bin/sh -c "$4"' sh \
        "$token" "$host" "$environment" "$(echo "$command" | base64 -d)" </dev/null >&3 2>&1 3>&- &
      wait $!
      printf '%s %s\n' "$token" "$?" >&3
    done
    usleep 10000 # A port reads as ended until the kernel has heard that its other end is open.
  done
}

mount -t devtmpfs dev /dev && mount -t proc proc /proc && mount -t sysfs sys /sys || fail "no /dev, /proc or /sys"
while read -r module; do
  insmod "/modules/$module" || fail "the kernel refuses $module"
done </modules/order
mkdir -p /dev/shm
hosts_files || fail "cannot mount the host's files"
network || fail "no network"
for port in /sys/class/virtio-ports/*; do
  serve "$(basename "$port")" &
done
wait
