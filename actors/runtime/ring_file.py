"""The file of a ring in shared memory, and its bell, in plain Python: see :mod:`actors.runtime.ring`.
"""

from __future__ import annotations

import contextlib
import glob
import os
import pathlib

from actors.runtime.layout import RING
from actors.runtime.vitals import Page

__all__ = ["RingFile", "remove_rings"]

_MAGIC = 0x5049_5457_5249_4E47  # "PITWRING"
_LINE = 64          # slots begin on cache lines
_FEWEST_SLOTS = 64  # what one call of a handler may send, whatever the wire's capacity


class RingFile:
    """A mapped ring. ``address`` is where it lies, ``slots`` a power of two, ``bell`` the descriptor
    of its bell: to be waited for by its consumer, to be written to by its producer."""

    def __init__(self, path: str, size: int, bell: int, shape: tuple[int, int] | None):
        self.path, self.bell = path, bell
        self._page = Page(path, size)
        self.address = self._page.address
        header = self._page.view(RING)
        if shape is not None:
            header["slots"], header["slot_size"] = shape
            header["magic"] = _MAGIC
            self._page.bytes[RING.itemsize::4096] = 0  # mapped before it is needed
        elif header["magic"] != _MAGIC:
            raise ValueError(f"{path} is not a ring")
        self.slots, self.slot_size = int(header["slots"]), int(header["slot_size"])

    @classmethod
    def make(cls, path: str, message_size: int, capacity: int) -> RingFile:
        """The consumer's: a new ring for at least ``capacity`` messages, all its memory set aside.

        Rings of the wire's consumer's earlier incarnations are removed. OSError if there is no room.
        """
        remove_rings(path.rpartition(".")[0])
        slots = 1 << (max(capacity, _FEWEST_SLOTS) - 1).bit_length()
        slot_size = -(-message_size // _LINE) * _LINE
        size = RING.itemsize + slots * slot_size
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, size)
        finally:
            os.close(fd)
        os.mkfifo(_bell_of(path), 0o600)
        bell = os.open(_bell_of(path), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        return cls(path, size, bell, (slots, slot_size))

    @classmethod
    def join(cls, path: str) -> RingFile:
        """The producer's: the ring that a consumer made. OSError if it is gone."""
        bell = os.open(_bell_of(path), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return cls(path, 0, bell, None)
        except BaseException:
            os.close(bell)
            raise

    def ring_bell(self) -> None:
        """Wakes the consumer if it sleeps."""
        with contextlib.suppress(BlockingIOError):
            os.write(self.bell, b"!")

    def close(self) -> None:
        """Closes the bell. The memory is unmapped with the last reference to it."""
        if self.bell >= 0:
            os.close(self.bell)
            self.bell = -1


def remove_rings(stem: str) -> None:
    """Removes the rings, and their bells, of all incarnations of the wire whose address is ``stem``;
    who has them open keeps them."""
    for name in glob.glob(f"{glob.escape(stem)}.*"):
        with contextlib.suppress(OSError):
            pathlib.Path(name).unlink()


def _bell_of(path: str) -> str:
    return f"{path}.bell"
