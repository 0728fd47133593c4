"""Locks on whole files that the kernel lets go of in every kind of death (fcntl(2), OFD locks).

A lock belongs to the open file, so that it is inherited with the descriptor and held until the last
process that has it is gone. Anyone may ask whether a lock is held without taking it.
"""

from __future__ import annotations

import fcntl
import os
import struct

__all__ = ["FileLock", "is_locked"]

_FLOCK = struct.Struct("hhqqi4x")  # struct flock of fcntl(2) on 64-bit Linux
_EXCLUSIVE = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
_SHARED = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)


class FileLock:
    """One open file at ``path``, made if need be, and the lock on it."""

    def __init__(self, path: str | os.PathLike[str]):
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Whether the lock could be taken for oneself alone."""
        return self._set(_EXCLUSIVE)

    def share(self) -> bool:
        """Whether the lock could be taken together with others that share it. Of one's own it lets
        others share."""
        return self._set(_SHARED)

    def _set(self, kind: bytes) -> bool:
        try:
            fcntl.fcntl(self.fd, fcntl.F_OFD_SETLK, kind)
        except OSError:
            return False
        return True

    def note(self, text: str) -> None:
        """Leaves a line in the file, for others to read."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"{text}\n".encode(), 0)

    def close(self) -> None:
        """Lets go, as far as this process is concerned."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Whether somebody holds the lock on the file at ``path``, alone or shared."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        asked = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _EXCLUSIVE)
        return _FLOCK.unpack(asked)[0] != fcntl.F_UNLCK
    finally:
        os.close(fd)
