#!/bin/sh
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Process 1 of a guest. The kernel's command line names it (lab.name=NAME) and its views (lab.views=VIEW:PORT,...).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
chmod 1777 /tmp /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
mount -t bpf bpf /sys/fs/bpf
mount -t securityfs securityfs /sys/kernel/security
mkdir -p /run/sshd /run/lab

name=guest views=
for word in $(cat /proc/cmdline); do
    case $word in
    lab.name=*) name=${word#*=} ;;
    lab.views=*) views=${word#*=} ;;
    esac
done
hostname "$name"
echo 'plain:x:1000:1000::/home/plain:/bin/sh' >>/etc/passwd # a user without rights
echo 'plain:x:1000:' >>/etc/group
echo 'plain:*:19000:0:99999:7:::' >>/etc/shadow
mkdir -p /home/plain
chown 1000:1000 /home/plain
ldconfig # an image that was only unpacked has no cache of its libraries yet
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.2.2

/usr/sbin/sshd -f /etc/lab/sshd_config
IFS=,
for view in $views; do
    # A view is this same guest seen from a mount namespace of its own, by an SSH server of its own.
    unshare --mount --uts sh "/etc/lab/views/${view%:*}.sh" "$name-${view%:*}" "${view#*:}"
done
unset IFS

# Process 1 has to reap what others leave behind.
while :; do
    sleep 3600 &
    wait "$!"
done
