#!/usr/bin/python
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documented in collect.yml: this file travels to every host.

from __future__ import annotations

import json
import sys

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ebpf.fleet.plugins.module_utils import _bundle


def main() -> None:
    """Run the module."""
    try:
        _survey = _bundle.load("_survey")
    except ImportError as error:  # without it the options are not known, which AnsibleModule asks for
        sys.stdout.write(json.dumps({"failed": True, "msg": str(error)}) + "\n")
        raise SystemExit(1) from None
    module = AnsibleModule(argument_spec=_survey.argument_spec(), supports_check_mode=True)
    try:
        settings = _survey.settings(module.params)
    except ValueError as error:
        module.fail_json(msg=str(error))
    survey = _survey.Survey(settings)
    if module.check_mode:
        module.exit_json(changed=False, record=survey.record, plan=survey.plan())
    message = survey.run()
    if message:
        module.fail_json(msg=message, record=survey.record)
    module.exit_json(changed=False, record=survey.record)


if __name__ == "__main__":
    main()
