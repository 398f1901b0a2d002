# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing files so that they are whole or absent, and saying in one sentence why that failed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import typing as t

_CURES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EACCES: "this user may not write there; change the folder's permissions or choose another folder",
    errno.EPERM: "this user may not write there; change the folder's permissions or choose another folder",
    errno.EROFS: "the file system is mounted read-only; choose another folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder; remove it or choose another folder",
    errno.EEXIST: "a file stands where a folder is needed; remove it or choose another folder",
    errno.EISDIR: "a folder stands where a file is needed; remove it or choose another folder",
    errno.ENOENT: "a folder of the path is not there and cannot be made; choose another folder",
    errno.ENAMETOOLONG: "the path is too long; choose a shorter folder",
    errno.ELOOP: "the path goes round in symbolic links; choose another folder",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n) or lower the forks",
    errno.EIO: "the disk reports an error; see the system's log",
}


class StorageError(Exception):
    """A file or folder of a report could not be read or written; the text is one sentence for a person."""


def explain(action: str, path: str, error: OSError) -> StorageError:
    """Return the error to raise: what was tried, on what, why it failed, what to do.

    >>> str(explain("write", "/r/x", OSError(errno.ENOSPC, "No space left on device")))
    'Cannot write /r/x: No space left on device (the disk is full; free some space or choose another folder).'
    """
    cure = _CURES.get(error.errno or 0)
    return StorageError("Cannot %s %s: %s%s." % (action, path, error.strerror or error, " (%s)" % cure if cure else ""))


@contextlib.contextmanager
def replacing(path: str) -> t.Iterator[t.IO[str]]:
    """Open a UTF-8 text stream whose content takes the place of `path` at once when the block ends well.

    The content is on the disk before it gets the name, so that no reader and no crash ever sees half a file. When the
    block fails, or the disk is full, `path` stays as it was. StorageError where the file system is the reason.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, ".%s.%s.tmp" % (name[:100], secrets.token_hex(4)))
    try:
        try:
            with open(temporary, "x", encoding="utf-8", newline="\n", errors="backslashreplace") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
            _sync_folder(folder)
        except OSError as error:
            raise explain("write", path, error) from error
    finally:
        with contextlib.suppress(OSError):  # gone already when the block ended well
            os.unlink(temporary)


def write_text(path: str, text: str) -> None:
    """Put text in a file, whole or not at all."""
    with replacing(path) as stream:
        stream.write(text)


def read_text(path: str, limit: int) -> str:
    """Return a file's text; StorageError when it cannot be read or holds more than `limit` bytes."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read(min(limit, os.fstat(stream.fileno()).st_size) + 1)  # read() sets aside what it may return
    except OSError as error:
        raise explain("read", path, error) from error
    if len(raw) > limit:
        raise StorageError("Cannot read %s: it holds more than %d MiB." % (path, limit >> 20))
    return raw.decode("utf-8", "replace")


def make_folder(path: str) -> None:
    """Make a folder and its parents; it may be there already."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise explain("make the folder", path, error) from error


def prove_writable(folder: str) -> None:
    """Write, sync and remove a small file in a folder: what permission bits and free blocks only promise."""
    probe = os.path.join(folder, ".probe.%s.tmp" % secrets.token_hex(4))
    try:
        try:
            with open(probe, "xb") as stream:
                stream.write(b"x" * 65536)
                stream.flush()
                os.fsync(stream.fileno())
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(probe)
    except OSError as error:
        raise explain("write in the folder", folder, error) from error


def point(link: str, target: str) -> None:
    """Make `link` a symbolic link to `target` (relative), replacing one that is there at once."""
    temporary = "%s.%s.tmp" % (link, secrets.token_hex(4))
    try:
        if os.path.lexists(link) and not os.path.islink(link):
            raise StorageError("Cannot make the link %s: something else has that name; remove it." % link)
        os.symlink(target, temporary)
        try:
            os.replace(temporary, link)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise explain("make the link", link, error) from error


def _sync_folder(folder: str) -> None:
    """Put a folder's entries on the disk, where the file system knows how to."""
    descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(descriptor)
