# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks. `make test` runs all of them, `make NAME` one; docs/development.md says what each is for.

Every session's packages are pinned by a lock file of requirements/ and installed by hash.
"""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

import nox
import nox.command

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE / ".cache"
sys.path.insert(0, str(HERE / "tools"))

import checkout
import packages
import pythons

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
UV = str(pathlib.Path(sys.executable).with_name("uv"))
COLLECTIONS = checkout.link()
TEST_PROGRAMS = {  # what integration tests run: the package that it is in
    "gcc": "gcc",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "nft": "nftables",
    "sigsnoop": "libbpf-tools",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "sudo": "sudo",
}
TARGET_TESTS = ("tests/unit/plugins/module_utils", "tests/unit/bpf")  # need no Ansible

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.stop_on_first_error = False
nox.options.error_on_missing_interpreters = True

os.environ["UV_CACHE_DIR"] = str(CACHE / "uv")
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["UV_SYSTEM_CERTS"] = "true"  # as pip does: an index may be a mirror within the house
FOUND = pythons.gather(CACHE / "pythons")
os.environ["PATH"] = str(CACHE / "pythons") + os.pathsep + os.environ["PATH"]

# Which Pythons a controller of each ansible-core may have (its own documentation's support matrix).
ANSIBLE = {"2.18": range(11, 14), "2.19": range(11, 14), "2.21": range(12, 15)}


def controllers() -> list[tuple[str, str]]:
    """Return pairs of Python and ansible-core: the oldest Python with each, but the newest with the newest."""
    fit = {ansible: [minor for minor in FOUND if minor in allowed] for ansible, allowed in ANSIBLE.items()}
    pairs = [("3.%d" % minors[0], ansible) for ansible, minors in fit.items() if minors]
    pairs[-1] = ("3.%d" % fit[pairs[-1][1]][-1], pairs[-1][1])
    return pairs


CONTROLLERS = controllers()
UNIT = sorted({"3.%d" % min(FOUND), "3.%d" % max(FOUND)}, key=lambda version: int(version[2:]))
SYSTEM = "3.%d" % sys.version_info[1]
BEST_PYTHON, BEST_ANSIBLE = CONTROLLERS[-1]

if IN_CI and (len(CONTROLLERS) < len(ANSIBLE) or UNIT[0] != "3.8"):
    sys.exit(
        "Under CI every check must run: Python 3.8 and 3.12 or newer are needed, found %s"
        % ", ".join(map(str, FOUND.values()))
    )


def install(session: nox.Session, lock: str) -> None:
    """Bring the session's environment to exactly what requirements/LOCK.txt says."""
    session.run(UV, "pip", "sync", "--quiet", "--require-hashes", "requirements/%s.txt" % lock, external=True)


def copy_collection(session: nox.Session) -> pathlib.Path:
    """Copy what git tracks, or would, to a collection tree of its own; return the collection's folder."""
    root = pathlib.Path(session.create_tmp()).absolute() / "collections"
    shutil.rmtree(root, ignore_errors=True)
    target = root / "ansible_collections" / "ebpf" / "fleet"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (HERE / name).is_file():  # one that is deleted and not committed yet is listed too
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, target / name, follow_symlinks=False)
    know(session, target)
    return target


def know(session: nox.Session, folder: pathlib.Path) -> None:
    """Make a folder its own git checkout: ansible-test and ansible-lint ask git what there is to look at.

    The checkout around it would answer that .nox is ignored, and they would look at nothing and be content.
    """
    session.run("git", "init", "--quiet", str(folder), external=True, log=False)
    session.run("git", "-C", str(folder), "add", "--all", "--force", external=True, log=False)


def build(session: nox.Session) -> pathlib.Path:
    """Build the collection from a copy; return the tarball."""
    source = copy_collection(session)
    output = pathlib.Path(session.create_tmp()).absolute()
    for old in output.glob("*.tar.gz"):
        old.unlink()
    session.run(
        "ansible-galaxy", "collection", "build", "--force", "--output-path", str(output), str(source), silent=True
    )
    (tarball,) = output.glob("ebpf-fleet-*.tar.gz")
    return tarball


def installed(session: nox.Session) -> pathlib.Path:
    """Build the collection and install it from the tarball to a tree of its own; return the collection's folder."""
    tarball = build(session)
    root = pathlib.Path(session.create_tmp()).absolute() / "installed"
    shutil.rmtree(root, ignore_errors=True)
    command = ["ansible-galaxy", "collection", "install", "--offline", "-p", str(root), str(tarball)]
    session.run(*command, env=collection_environment(root), silent=True)
    folder = root / "ansible_collections" / "ebpf" / "fleet"
    know(session, folder)
    return folder


def run_each(session: nox.Session, *commands: list[str], env: dict[str, str] | None = None) -> list[str]:
    """Run all of the commands and return the names of those that failed, so that one run shows every finding."""
    failed = []
    for command in commands:
        try:
            session.run(*command, env=env, external=command[0] == "shellcheck")
        except nox.command.CommandFailed:
            failed.append(command[0])
    return failed


def tests(session: nox.Session, *usual: str) -> list[str]:
    """Return pytest's arguments: the session's, which may name other tests than the usual ones."""
    named = any((HERE / word.partition("::")[0]).exists() for word in session.posargs if not word.startswith("-"))
    return [*([] if named else usual), *session.posargs]


def apt(session: nox.Session, purpose: str, *names: str) -> None:
    """Have the distribution's packages there."""
    try:
        packages.install(names, purpose)
    except packages.Missing as missing:
        session.error(str(missing))


def collection_environment(root: pathlib.Path = COLLECTIONS) -> dict[str, str]:
    """Return the environment by which Ansible and Python find the collection, and nothing of the user's."""
    (CACHE / "ansible").mkdir(parents=True, exist_ok=True)
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(root),
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }


@nox.session(python=SYSTEM)
def lint(session: nox.Session) -> None:
    """Style, documentation, changelog, licences."""
    install(session, "lint")
    if not shutil.which("shellcheck"):
        apt(session, "The check of shell scripts", "shellcheck")
    scripts = subprocess.run(
        ["git", "grep", "-lE", "--untracked", "^#!.*(sh|bash)$"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    source = copy_collection(session)
    environment = collection_environment(source.parents[2])
    failed = run_each(
        session,
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["yamllint", "--strict", "."],
        ["reuse", "lint", "--lines"],
        ["antsibull-changelog", "lint"],
        ["shellcheck", "--severity=warning", "--exclude=SC2187", *scripts.stdout.split()],
    )
    with session.chdir(source):
        failed += run_each(
            session,
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."],
            ["ansible-lint"],
            env=environment,
        )
    if failed:
        session.error("failed: " + ", ".join(failed))


@nox.session(python=SYSTEM)
def types(session: nox.Session) -> None:
    """Types, strictly."""
    install(session, "types")
    environment = {"MYPYPATH": os.pathsep.join((str(COLLECTIONS), str(HERE / "tools")))}
    names = ["ansible_collections.ebpf.fleet.plugins." + room for room in ("module_utils", "modules")]
    oldest = ["--python-version", "3.10"]  # that mypy knows; the unit tests go down to 3.8
    failed = run_each(
        session,
        ["mypy", *oldest, *(word for name in names for word in ("-p", name))],
        ["mypy", "-p", "ansible_collections.ebpf.fleet.plugins"],
        ["mypy", "noxfile.py", "tools", "bpf"],
        env=environment,
    )
    if failed:
        session.error("failed: " + ", ".join(failed))


@nox.session(python=UNIT)
def unit(session: nox.Session) -> None:
    """What runs on hosts, without Ansible."""
    install(session, "unit")
    session.run("python", "-m", "pytest", *tests(session, *TARGET_TESTS))


@nox.session
@nox.parametrize("python,ansible", CONTROLLERS)
def controller(session: nox.Session, ansible: str) -> None:
    """What runs on the controller, on one ansible-core."""
    install(session, "ansible-" + ansible)
    ours = tests(session, "tests/unit", *("--ignore=" + folder for folder in TARGET_TESTS))
    session.run("python", "-m", "pytest", *ours, env=collection_environment())


@nox.session(python=BEST_PYTHON)
def sanity(session: nox.Session) -> None:
    """ansible-test sanity on what is shipped; its own environments are kept between runs."""
    install(session, "ansible-" + BEST_ANSIBLE)
    home = CACHE / "ansible-test"
    session.run(sys.executable, "tools/ansible_test_pip.py", str(home), "requirements/sanity.txt", external=True)
    with session.chdir(installed(session)):
        said = session.run("ansible-test", "sanity", "--venv", *session.posargs, env={"HOME": str(home)}, silent=True)
    print(said)
    if "All targets skipped" in str(said):  # which ansible-test takes for a success
        session.error("ansible-test found nothing to look at")


@nox.session(python=BEST_PYTHON)
def importer(session: nox.Session) -> None:
    """What Galaxy would say."""
    install(session, "importer")
    tarball = build(session)
    session.run("python", "tools/importer.py", str(tarball), env=collection_environment())


@nox.session(python=BEST_PYTHON)
def package(session: nox.Session) -> None:
    """The built tarball, installed, with the examples of its own documentation, by hand and by ansible-runner."""
    install(session, "runner")
    environment = collection_environment(installed(session).parents[2])
    as_root(session, environment, "-m", "pytest", *tests(session, "tests/package"))


@nox.session(python=SYSTEM)
def programs(session: nox.Session) -> None:
    """The committed BPF programs are what their sources give."""
    system = platform.freedesktop_os_release().get("VERSION_CODENAME")
    if system != "bookworm" and not IN_CI:
        session.skip("Only Debian 12 has the pinned compiler; the unit tests still compare the hashes of the sources.")
    apt(session, "The BPF compiler", "clang-16", "llvm-16", "libbpf-dev", "libbpf1")
    session.run("python", "bpf/build.py", "--check")


@nox.session(python=SYSTEM)
def bundled(session: nox.Session) -> None:
    """The committed bundle is what its sources give, and nothing but what only readers read is lost on the way."""
    install(session, "bundle")
    session.run("python", "-m", "pytest", "tests/bundle", *session.posargs)
    session.run("python", "tools/bundle.py", "--check")


@nox.session(python=SYSTEM, default=False)
def bundle(session: nox.Session) -> None:
    """Pack what `collect` needs on a host into one file."""
    install(session, "bundle")
    session.run("python", "tools/bundle.py")


@nox.session(python=BEST_PYTHON)
def integration(session: nox.Session) -> None:
    """The real programs on the real kernel."""
    install(session, "ansible-" + BEST_ANSIBLE)
    places = os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin"))
    missing = [package for program, package in TEST_PROGRAMS.items() if not shutil.which(program, path=places)]
    if missing:
        apt(session, "The integration tests", *missing)
    as_root(session, collection_environment(), "-m", "pytest", *tests(session, "tests/integration"))


@nox.session(python=BEST_PYTHON)
def lab(session: nox.Session) -> None:
    """Real kernels of several ages, as guests: build and boot them, survey all of them, check what is said of them."""
    install(session, "ansible-" + BEST_ANSIBLE)
    install_for_guests(session)
    # What is of the sessions `agreement` and `truth`.
    others = (
        "--ignore=tests/lab/test_beside.py",
        "--deselect=tests/lab/test_truth.py::test_the_published_page_says_what_was_found",
    )
    as_root(session, collection_environment(), "-m", "pytest", "-rs", *tests(session, "tests/lab", *others))


def install_for_guests(session: nox.Session) -> None:
    """Have a pytest there that guests' Pythons run, from 3.9 on: it is pure Python, and sent to them."""
    folder = str(CACHE / "guest-pytest")
    pinned = ["--quiet", "--require-hashes", "--python-version", "3.9", "requirements/unit.txt"]
    session.run(UV, "pip", "sync", *pinned, "--target", folder, external=True)


@nox.session(python=BEST_PYTHON, default=False)
def agreement(session: nox.Session) -> None:
    """Every collector beside an independent tool, in a guest of the lab, over the same time."""
    install(session, "ansible-" + BEST_ANSIBLE)
    as_root(session, collection_environment(), "-m", "pytest", "-rs", *tests(session, "tests/lab/test_beside.py"))


@nox.session(python=BEST_PYTHON, default=False)
def truth(session: nox.Session) -> None:
    """Every collector, at every tier and on every kernel of the lab that supports it, against workloads that are known."""
    install(session, "ansible-" + BEST_ANSIBLE)
    install_for_guests(session)
    apt(session, "The truth tests", "gcc", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")
    environment = {**collection_environment(), "LAB_TRUTH": "all"}
    as_root(session, environment, "-m", "pytest", "-rs", *tests(session, "tests/lab/test_truth.py"))


@nox.session(python=BEST_PYTHON)
def tools(session: nox.Session) -> None:
    """bcc's tools and libbpf-tools, as Debians package them: each takes our arguments, and what it prints is understood."""
    install(session, "ansible-" + BEST_ANSIBLE)
    as_root(session, collection_environment(), "-m", "pytest", "-rs", *tests(session, "tests/tools"))


@nox.session(python=BEST_PYTHON)
def molecule(session: nox.Session) -> None:
    """The roles, on guests of the lab, one after another."""
    install(session, "molecule")
    environment = {**collection_environment(), "LAB_GUESTS": str(HERE / "extensions" / "molecule" / "guests.yml")}
    try:
        as_root(session, environment, "tests/lab", "build")
    except nox.command.CommandFailed:
        message = "The roles were not run on guests of the lab, for the reason above."
        (session.error if IN_CI else session.skip)(message)
    try:
        scenarios = session.posargs or ["--all"]
        as_root(session, environment, "-m", "molecule", "test", "--no-command-borders", *scenarios)
    finally:
        as_root(session, environment, "tests/lab", "stop")


def packages_of_web(session: nox.Session) -> None:
    """Have Node.js there, and what web/package-lock.json names."""
    if not shutil.which("node") or not shutil.which("npm"):
        apt(session, "The build of the page's script", "nodejs", "npm")
    cache = str(CACHE / "npm")
    with session.chdir("web"):
        session.run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", cache, external=True)


@nox.session(venv_backend="none")
def web(session: nox.Session) -> None:
    """The committed script and style of the page are what web/ gives; its types, strictly."""
    packages_of_web(session)
    with session.chdir("web"):
        session.run("npm", "run", "--silent", "types", external=True)
        session.run("npm", "run", "--silent", "check", external=True)


@nox.session(name="web-build", venv_backend="none", default=False)
def web_build(session: nox.Session) -> None:
    """Build the script and the style of the page from web/ and write them where they are committed."""
    packages_of_web(session)
    with session.chdir("web"):
        session.run("npm", "run", "--silent", "build", external=True)


@nox.session(python=BEST_PYTHON)
def browser(session: nox.Session) -> None:
    """The page in a real browser, Chromium; the screenshots are in .cache/browser."""
    install(session, "browser")
    if not pathlib.Path("/usr/bin/chromium").exists():
        apt(session, "The tests of the page", "chromium")
    session.run("python", "-m", "pytest", *tests(session, "tests/browser"), env=collection_environment())


@nox.session(python=SYSTEM)
def docs(session: nox.Session) -> None:
    """The commands of README.md and docs/, each run in a fresh copy of the checkout."""
    install(session, "unit")
    session.run("python", "-m", "pytest", *tests(session, "tests/docs"))


def as_root(session: nox.Session, environment: dict[str, str], *arguments: str) -> None:
    """Run the session's Python as root: directly, or through sudo with the environment that it needs."""
    root = packages.as_root()
    if root is None:
        session.error("This loads programs into the kernel: run it as root, or let sudo work without a password.")
    path = session.bin + os.pathsep + os.environ["PATH"]
    kept = {**environment, "PATH": path, **({"CI": "true"} if IN_CI else {})}
    with tempfile.TemporaryDirectory() as folder:
        if root:  # what root writes goes where root removes it again, and not among the user's own files
            root_only = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": "-o cache_dir=%s/pytest" % folder}
            kept |= {"ANSIBLE_HOME": folder + "/ansible", "TMPDIR": folder, **root_only}
        command = [*root, "env", *("%s=%s" % item for item in kept.items()), session.bin + "/python", *arguments]
        try:
            session.run(*command, external=True)
        finally:
            if root:
                session.run(*root, "find", folder, "-mindepth", "1", "-delete", external=True, log=False)


@nox.session(python=BEST_PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """What the collection costs, printed; nothing is judged."""
    apt(
        session,
        "The benchmark's comparison with libbpf in C, libbpf-tools and bpftrace",
        "clang-16",
        "llvm-16",
        "gcc",
        "libc6-dev",
        "libbpf-dev",
        "libbpf1",
        "libbpf-tools",
        "bpftrace",
        "linux-perf",
    )
    install(session, "ansible-" + BEST_ANSIBLE)
    as_root(session, collection_environment(), "tests/bench", *session.posargs)


@nox.session(venv_backend="none", default=False)
def lock(session: nox.Session) -> None:
    """Pin the newest releases again: what the lock files of requirements/ hold, from the .in beside each."""
    oldest = {"unit": "3.8", "sanity": "3.9", "ansible-2.21": "3.12", "browser": "3.12"}
    with session.chdir("requirements"):
        for source in sorted(pathlib.Path().glob("*.in")):
            floor = oldest.get(source.stem, "3.11")
            options = [
                "--quiet",
                "--upgrade",
                "--universal",
                "--generate-hashes",
                "--no-header",
                "--python-version",
                floor,
            ]
            session.run(UV, "pip", "compile", *options, str(source), "-o", source.stem + ".txt", external=True)
