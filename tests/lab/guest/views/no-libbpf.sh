#!/bin/sh
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Usage: no-libbpf.sh NAME PORT. A host without libbpf.
. /etc/lab/views/functions.sh
cover
find /usr/lib -name 'libbpf.so*' -delete
ldconfig
serve "$1" "$2"
