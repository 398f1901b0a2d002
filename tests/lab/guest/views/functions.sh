#!/bin/sh
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the views share.

# Let changes to /usr and /etc be seen in this mount namespace only.
cover() {
    modprobe overlay
    for tree in usr etc; do
        layer=$(mktemp -d /run/lab/XXXXXX)
        mkdir "$layer/upper" "$layer/work"
        mount -t overlay overlay -o "lowerdir=/$tree,upperdir=$layer/upper,workdir=$layer/work" "/$tree"
    done
}

# Answer SSH as host NAME on PORT, in the background.
serve() {
    hostname "$1"
    /usr/sbin/sshd -f /etc/lab/sshd_config -p "$2" -o PidFile=none
}
