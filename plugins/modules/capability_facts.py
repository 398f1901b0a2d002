#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: capability_facts
short_description: Assess what eBPF can do on a host, proven by doing
description:
  - Finds out what a host's kernel, its security policy, this process's privileges and the installed software allow, and
    tries it by live probes with C(bpf(2)).
  - Proves tier 3 by loading a small program, attaching it, letting it fire and reading back what it saw.
  - Says for every requirement of tiers 2 and 3 whether it is met, unmet or unknown, on what evidence, and what can be done.
  - Needs nothing on the host but Python, and leaves nothing there. Works without root, and then says what it could not see.
version_added: 0.1.0
author:
  - ebpf.fleet developers (@ebpf-fleet)
extends_documentation_fragment:
  - ebpf.fleet._attributes
  - ebpf.fleet._attributes.looks_only
  - ebpf.fleet._attributes.facts
  - ebpf.fleet._attributes.async
options:
  thorough:
    description:
      - Whether to attach and fire a kprobe, a uprobe and an fentry program too. All of them are harmless, but the kernel takes
        some tenths of a second to detach them.
      - Without it they are loaded, and the kernel is asked whether it would attach them.
    type: bool
    default: true
notes:
  - Probes attach only to what this process itself does, for some milliseconds. A program for the kernel's security hooks
    (BPF LSM) is loaded and never attached.
  - Where securityfs is not mounted, lockdown is read as root through a mount that is part of no mount table.
seealso:
  - module: ebpf.fleet.collect
"""

EXAMPLES = r"""
- name: Assess the host
  ebpf.fleet.capability_facts:
  become: true

- name: Show its tier, and what stands between it and tier 3
  ansible.builtin.debug:
    msg:
      tier: "{{ ansible_facts['ebpf'].tier }}"
      blockers: "{{ ansible_facts['ebpf'].blockers | map(attribute='message') }}"

- name: Assess without attaching what is slow to detach
  ebpf.fleet.capability_facts:
    thorough: false
  become: true

- name: Stop where the kernel has no ring buffer
  ansible.builtin.assert:
    that: ansible_facts['ebpf'].probes | selectattr('name', 'equalto', 'ring_buffer') | map(attribute='state') == ['met']
"""

RETURN = r"""
ansible_facts:
  description: The assessment, as facts of the host.
  returned: always
  type: dict
  contains:
    ebpf:
      description: What the host can do with eBPF. A null means that it is not known, and never zero.
      returned: always
      type: dict
      contains:
        tier:
          description:
            - The tier that was proven. V(3) means that a program of ours was loaded, attached, fired and read back just now;
              V(2) that a trusted BCC tool can run; V(1) that C(/proc) is what there is.
          type: int
          sample: 3
        published_tier:
          description: The tier by the published rule, which looks at BTF, the kernel's version, the user, and BCC's tools.
          type: int
          sample: 3
        differs:
          description: Why the two tiers differ. Null where they agree.
          type: str
          sample:
        blockers:
          description: What stands between this host and tier 3. Empty at tier 3.
          type: list
          elements: dict
          contains:
            requirement:
              description: The name of the requirement.
              type: str
              sample: privilege
            state:
              description: V(unmet), or V(unknown) where it could not be probed.
              type: str
              sample: unmet
            message:
              description: The evidence.
              type: str
              sample: running as user 1000 without CAP_BPF and CAP_PERFMON
            remedy:
              description: What a person can do.
              type: str
              sample: "run with become: true"
        kernel:
          description: The kernel, how it was built, and its policy.
          type: dict
          contains:
            release:
              description: The release, as the kernel says it.
              type: str
              sample: 6.1.0-28-amd64
            version:
              description: Major, minor and patch level. Null for a release that has none.
              type: list
              elements: int
              sample: [6, 1, 0]
            machine:
              description: The architecture.
              type: str
              sample: x86_64
            byte_order:
              description: V(little) or V(big).
              type: str
              sample: little
            btf:
              description: The kernel's type information.
              type: dict
              contains:
                present:
                  description: Whether there is any.
                  type: bool
                  sample: true
                bytes:
                  description: Its size.
                  type: int
                  sample: 5516713
            config:
              description: The kernel's build options, as far as they matter to eBPF.
              type: dict
              contains:
                source:
                  description: The file that they were read from. Null when there is none that can be read.
                  type: str
                  sample: /boot/config-6.1.0-28-amd64
                options:
                  description: Option to value; V(n) means that it is off. Options that the config does not mention are left out.
                  type: dict
                  sample: {"CONFIG_BPF": "y"}
            headers:
              description: Where the headers of the running kernel are.
              type: str
              sample: /lib/modules/6.1.0-28-amd64/build
            lockdown:
              description: V(none), V(integrity) or V(confidentiality).
              type: str
              sample: none
            lsms:
              description: The active security modules.
              type: list
              elements: str
              sample: [lockdown, capability, yama, apparmor, bpf]
            unprivileged_bpf_disabled:
              description: V(0) when users without privilege may use C(bpf(2)), V(1) or V(2) when not.
              type: int
              sample: 2
            jit:
              description: V(0) when programs are interpreted, V(1) when they are compiled, V(2) when with debugging output.
              type: int
              sample: 1
        privilege:
          description: What the module's process may do.
          type: dict
          contains:
            euid:
              description: The effective user id.
              type: int
              sample: 0
            capabilities:
              description: Which of the capabilities that matter are effective. Null for one that the kernel does not know.
              type: dict
              contains:
                CAP_BPF:
                  description: For C(bpf(2)).
                  type: bool
                  sample: true
                CAP_PERFMON:
                  description: For tracing.
                  type: bool
                  sample: true
                CAP_SYS_ADMIN:
                  description: For both, on every kernel.
                  type: bool
                  sample: true
                CAP_SYS_RESOURCE:
                  description: For raising limits.
                  type: bool
                  sample: true
            user_namespace:
              description: V(initial), or V(nested), whose root is no root to C(bpf(2)).
              type: str
              sample: initial
            seccomp:
              description: V(disabled), V(strict) or V(filter).
              type: str
              sample: disabled
            no_new_privs:
              description: Whether the process can gain no privileges.
              type: bool
              sample: false
            container:
              description: The kind of container that the process runs in. Null when none shows.
              type: str
              sample: docker
            memlock:
              description: The limit on locked memory in bytes, V(-1) for unlimited. BPF counted against it before Linux 5.11.
              type: dict
              contains:
                soft:
                  description: The limit.
                  type: int
                  sample: 8388608
                hard:
                  description: What it can be raised to.
                  type: int
                  sample: 8388608
        mounts:
          description: Where the file systems that tracing uses are mounted. Null for one that is not.
          type: dict
          contains:
            tracefs:
              description: The kernel's tracing.
              type: str
              sample: /sys/kernel/tracing
            debugfs:
              description: The kernel's debugging.
              type: str
              sample: /sys/kernel/debug
            bpffs:
              description: Pinned BPF objects.
              type: str
              sample: /sys/fs/bpf
            securityfs:
              description: Security modules.
              type: str
              sample: /sys/kernel/security
        userland:
          description: What is installed.
          type: dict
          contains:
            distribution:
              description: The distribution, from C(os-release(5)).
              type: dict
              contains:
                id:
                  description: Its identifier.
                  type: str
                  sample: debian
                version:
                  description: Its version.
                  type: str
                  sample: "12"
                name:
                  description: Its name.
                  type: str
                  sample: Debian GNU/Linux 12 (bookworm)
            python:
              description: The version of the Python that the module ran in.
              type: str
              sample: 3.11.2
            bcc_tools:
              description:
                - BCC's tools by name, whichever way they are spelled on this host.
                - Each has a C(path), C(trusted) (whether only root could have written it), and C(reason) (why not).
              type: dict
              sample: {"runqlat": {"path": "/usr/sbin/runqlat-bpfcc", "trusted": true, "reason": null}}
            libbpf_tools:
              description:
                - The tools of libbpf-tools by name, of those that answer a question, whichever way they are spelled on this host.
                - Each has a C(path), C(trusted), and C(reason), as those of BCC have.
              type: dict
              sample: {"runqlat": {"path": "/usr/sbin/runqlat", "trusted": true, "reason": null}}
            libbpf:
              description: The host's libbpf. Null when there is none.
              type: dict
              contains:
                path:
                  description: Where it is.
                  type: str
                  sample: /usr/lib/x86_64-linux-gnu/libbpf.so.1
                version:
                  description: Its version, as far as its file's name says it.
                  type: str
                  sample: 1.1.2
        probes:
          description: The live probes, each tried on this kernel just now.
          type: list
          elements: dict
          contains:
            name:
              description: What was probed. Program and map types begin with C(program:) and C(map:).
              type: str
              sample: tp_btf
            state:
              description: V(met), V(unmet) or V(unknown).
              type: str
              sample: met
            evidence:
              description: What happened.
              type: str
              sample: attached to the tracepoint task_rename, fired and read back (1)
            remedy:
              description: What a person can do. Null when met, or when nothing is known to help.
              type: str
              sample:
            errno:
              description: The name of the error by which the kernel refused.
              type: str
              sample:
            ms:
              description: Milliseconds that it took, undoing included.
              type: float
              sample: 1.56
        proof:
          description: The proof of tier 3.
          type: dict
          contains:
            state:
              description: V(met), V(unmet) or V(unknown).
              type: str
              sample: met
            loader:
              description: The loader that did it, V(light) or V(libbpf). Null when none did.
              type: str
              sample: light
            loader_reason:
              description: Why it was not the light loader, which is tried first. Null when it was, or when none did it.
              type: str
              sample:
            ms:
              description: Milliseconds to load, attach, fire, read back and undo.
              type: float
              sample: 1.49
            blob_sha256:
              description: The SHA-256 of the program.
              type: str
              sample: 8498c6afc8a9ff77b68da08e0b3b5e53e1343c7c98c673061263959549c870d7
            evidence:
              description: What happened.
              type: str
              sample: loaded, attached to sched_switch, fired (1) and read back this process's own id and name
            reason:
              description: Why it failed. Null when it did not.
              type: dict
              contains:
                code:
                  description: An error's name, or a short word.
                  type: str
                  sample: lockdown
                message:
                  description: A sentence that names the cause.
                  type: str
                  sample: the kernel is locked down
                remedy:
                  description: What a person can do.
                  type: str
                  sample: boot without lockdown=confidentiality
        requirements:
          description: What the tiers need, one by one, causes before their consequences.
          type: list
          elements: dict
          contains:
            name:
              description: The requirement.
              type: str
              sample: btf
            tier:
              description: The tier that needs it.
              type: int
              sample: 3
            state:
              description: V(met), V(unmet) or V(unknown).
              type: str
              sample: met
            evidence:
              description: What shows it.
              type: str
              sample: the kernel carries its BTF, 5516713 bytes
            remedy:
              description: What a person can do. Null when met, or when nothing is known to help.
              type: str
              sample:
        unseen:
          description: What could not be seen, a sentence each.
          type: list
          elements: str
          sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.assess import assess


def main() -> None:
    """Assess this host and return what was found."""
    module = AnsibleModule(argument_spec={"thorough": {"type": "bool", "default": True}}, supports_check_mode=True)
    module.exit_json(changed=False, ansible_facts={"ebpf": assess(thorough=module.params["thorough"])})


if __name__ == "__main__":
    main()
