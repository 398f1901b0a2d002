# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as one Ansible inventory over SSH ($LAB_INVENTORY, or a file of the cache), with the guests' host key known."""

from __future__ import annotations

import os
import pathlib
import typing as t

import guest
import initramfs
import needs
import table
import yaml

CLOSED_PORT = 1  # tcpmux: nothing listens there
PYTHON = "/usr/bin/python3"
CONNECT_SECONDS = 60  # an emulated guest on a busy machine takes its time to say hello


def compose(lab: table.Lab, ports: t.Mapping[str, int], key: str, known: str) -> dict[str, t.Any]:
    """Return the inventory: a group (a fleet) per kernel of the table, and one for the hosts that are not there."""
    groups: dict[str, t.Any] = {}
    for about in lab.guests.values():
        group = groups.setdefault("kernel_" + group_name(about.kernel.name), {"hosts": {}})
        for host in about.hosts:
            if host.name in ports:
                group["hosts"][host.name] = {
                    "ansible_port": ports[host.name],
                    "ansible_user": host.user,
                    "ansible_become": False,
                }
    for name in lab.absent:
        group = groups.setdefault("kernel_unknown", {"hosts": {}})
        group["hosts"][name] = {"ansible_port": CLOSED_PORT, "ansible_user": "root", "ansible_become": False}
    return {
        "all": {
            "vars": {
                "ansible_host": guest.ADDRESS,
                "ansible_python_interpreter": PYTHON,
                "ansible_timeout": CONNECT_SECONDS,
                "ansible_ssh_private_key_file": key,
                "ansible_ssh_common_args": "-o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes" % known
                + " -o IdentitiesOnly=yes -o IdentityAgent=none",
            },
            "children": {name: group for name, group in groups.items() if group["hosts"]},
        }
    }


def group_name(text: str) -> str:
    """Return text as Ansible accepts it in a group's name."""
    return "".join(letter if letter.isalnum() else "_" for letter in text)


def ssh_command(host: table.Host, port: int) -> list[str]:
    """Return the ssh command that reaches a host."""
    options = ["UserKnownHostsFile=%s" % known_hosts(), "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"]
    options += ["IdentityAgent=none", "LogLevel=ERROR"]
    words = [word for option in options for word in ("-o", option)]
    return ["ssh", *words, "-i", str(initramfs.keys() / "login"), "-p", str(port), "%s@%s" % (host.user, guest.ADDRESS)]


def known_hosts() -> pathlib.Path:
    """Write the file by which SSH knows the guests, on whatever port: all have the lab's host key."""
    file = needs.CACHE / "known_hosts"
    kind, key = (initramfs.keys() / "host.pub").read_text().split()[:2]
    file.write_text("[%s]:* %s %s\n" % (guest.ADDRESS, kind, key))
    return file


def write(lab: table.Lab) -> pathlib.Path:
    """Write the inventory of the guests that run, and return its file."""
    ports = {
        host: port for name in guest.started() for host, port in (guest.find(name) or _nothing(name)).ports.items()
    }
    file = pathlib.Path(os.environ.get("LAB_INVENTORY") or needs.CACHE / "inventory.yml")
    file.write_text(
        yaml.safe_dump(compose(lab, ports, str(initramfs.keys() / "login"), str(known_hosts())), sort_keys=False)
    )
    return file


def _nothing(name: str) -> guest.Running:
    return guest.Running(name, 0, 0, {})
