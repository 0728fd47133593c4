"""Taps: seeing every message of an output port while the deployment runs, at no cost to its wires.

A reader makes the port's ring in shared memory, holds a lock on it, and asks in the actor's vitals
page. The actor's housekeeper then enters the ring in the port's record, and the reactor copies each
message it commits into it. When the last reader has gone, however it went, the kernel has let go of
its lock, and the housekeeper takes the ring out again. The next incarnation of a killed actor finds
the lock still held and goes on where the last one ended, from its first message.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import pathlib
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from actors.runtime.clock import monotonic_ns
from actors.runtime.layout import TAP_RING
from actors.runtime.tap_ring import CURSOR_WORDS, SLOTS_AT, VERSION_SIZE, read_tap
from schemas.messages import PREFIX_SIZE, MessageType

if TYPE_CHECKING:
    from actors.runtime.vitals import Vitals

__all__ = ["PortTaps", "SLOTS", "TapReader", "tap_file"]

SLOTS = 1 << 15
"""Messages that a ring holds: how far a reader may be behind before it misses any."""

_MAGIC = 0x5049_5457_5441_5031  # "PITWTAP1"
_LINE = 64
_BATCH = 4096
_FLOCK = struct.Struct("hhqqi4x")  # struct flock of fcntl(2) on 64-bit Linux


def tap_file(shm_dir: str | os.PathLike[str], actor: str, port: str) -> pathlib.Path:
    """Where the ring of an output port lies."""
    return pathlib.Path(shm_dir) / f"{actor}.{port}.tap"


def _slot_size(message_size: int) -> int:
    return -(-(VERSION_SIZE + message_size) // _LINE) * _LINE


class _Ring:
    """A ring's file, mapped. ValueError if it is none, or not for messages of ``message_size``."""

    def __init__(self, path: pathlib.Path, message_size: int, writable: bool):
        flags = os.O_RDWR if writable else os.O_RDONLY
        self.fd = os.open(path, flags | os.O_CLOEXEC)
        try:
            size = os.fstat(self.fd).st_size
            if size < SLOTS_AT:
                raise ValueError(f"{path} is not a tap ring")
            # Mapped whole now, by the housekeeper, so that no kernel meets a page fault.
            flags = mmap.MAP_SHARED | (mmap.MAP_POPULATE if writable else 0)
            access = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
            memory = np.frombuffer(mmap.mmap(self.fd, size, flags, access), np.uint8)
            self.header = memory[:SLOTS_AT].view(TAP_RING)[0:1].reshape(())
            self.slots, self.slot_size = int(self.header["slots"]), _slot_size(message_size)
            said = tuple(int(self.header[name]) for name in ("magic", "message_size", "slot_size"))
            if said != (_MAGIC, message_size, self.slot_size) or self.slots & (self.slots - 1) \
                    or not 0 < self.slots * self.slot_size == size - SLOTS_AT:
                raise ValueError(f"{path} is not a tap ring for messages of {message_size} bytes")
        except BaseException:
            os.close(self.fd)
            raise
        self.address = memory.ctypes.data

    @property
    def is_read(self) -> bool:
        """Whether a reader lives."""
        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        return _FLOCK.unpack(fcntl.fcntl(self.fd, fcntl.F_OFD_GETLK, asked))[0] != fcntl.F_UNLCK

    def hold(self) -> None:
        """Tells the producer that a reader lives, until :meth:`let_go` or this process ends."""
        self._set_lock(fcntl.F_RDLCK)

    def let_go(self) -> None:
        """Ends :meth:`hold`. Closing would not do: the mapping keeps the file open."""
        self._set_lock(fcntl.F_UNLCK)
        os.close(self.fd)
        self.fd = -1

    def _set_lock(self, kind: int) -> None:
        fcntl.fcntl(self.fd, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, 0, 0, 0))


def _create(path: pathlib.Path, message_size: int, slots: int) -> None:
    """Makes the ring unless it is there: whole or not at all, and with all its memory, so that it
    is the reader who is told when there is none left, not the producer."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    fd = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        header = np.zeros((), TAP_RING)
        header["magic"], header["message_size"] = _MAGIC, message_size
        header["slot_size"], header["slots"] = _slot_size(message_size), slots
        os.posix_fallocate(fd, 0, SLOTS_AT + slots * _slot_size(message_size))
        os.pwrite(fd, header.tobytes(), 0)
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        os.close(fd)
        os.unlink(unfinished)


class PortTaps:
    """The producer's side: which output ports of one incarnation of an actor are tapped.

    ``ports``: OUT_PORT record by the port's name. Used by the housekeeper alone.
    """

    def __init__(self, shm_dir: str | os.PathLike[str], actor: str, vitals: Vitals, epoch: int,
                 ports: Mapping[str, np.ndarray]):
        self._files = {name: tap_file(shm_dir, actor, name) for name in ports}
        self._ports, self._vitals, self._epoch = ports, vitals, epoch
        self._rings: dict[str, _Ring] = {}
        self._active: set[str] = set()
        self._answered = int(vitals.header["tap_request"])
        self._look()  # before the first message, or a reader would miss it

    def maintain(self) -> None:
        """Begins what readers have asked for; ends what nobody reads any more."""
        asked = int(self._vitals.header["tap_request"])
        if asked != self._answered:
            self._answered = asked
            self._look()
        for name in [name for name in self._active if not self._rings[name].is_read]:
            self._end(name)

    def close(self) -> None:
        """The actor ends in good order."""
        for name in list(self._active):
            self._end(name)

    def _look(self) -> None:
        for name, file in self._files.items():
            if name not in self._rings and file.exists():
                # What is no ring is left alone: its maker waits in vain, the actor goes on.
                with contextlib.suppress(OSError, ValueError):
                    self._rings[name] = _Ring(file, int(self._ports[name]["size"]), writable=True)
                    self._rings[name].header["active"] = 0  # whoever wrote last is dead
            if name in self._rings and name not in self._active and self._rings[name].is_read:
                self._begin(name)

    def _begin(self, name: str) -> None:
        ring, port = self._rings[name], self._ports[name]
        port["tap_slot_size"], port["tap_mask"] = ring.slot_size, ring.slots - 1
        port["tap"] = ring.address
        ring.header["active"] = self._epoch
        self._active.add(name)

    def _end(self, name: str) -> None:
        """The ring stays mapped: the reactor may be writing to it just now."""
        self._ports[name]["tap"] = 0
        self._rings[name].header["active"] = 0
        self._active.discard(name)


class TapReader:
    """A reader of one output port, from the moment it is made. It only reads.

    ``message`` is what the port sends. The ring is made if it is not there: OSError if there is no
    memory for it, ValueError if what lies there is not the port's ring.
    """

    def __init__(self, shm_dir: str | os.PathLike[str], actor: str, port: str,
                 message: MessageType, slots: int = SLOTS):
        self.actor, self.port, self.message = actor, port, message
        path = tap_file(shm_dir, actor, port)
        if not path.exists():
            _create(path, message.size, slots)
        self._ring = _Ring(path, message.size, writable=False)
        self._ring.hold()
        self._cursor = np.zeros(CURSOR_WORDS, np.int64)
        self._cursor[0] = self._ring.header["head"]
        self._out = np.zeros(_BATCH, np.dtype([("prefix", "V", PREFIX_SIZE),
                                               ("body", message.dtype)]))

    @staticmethod
    def request(vitals: Vitals) -> None:
        """Asks the actor whose page this is to look for readers. May be done again at any time."""
        vitals.header["tap_request"] = monotonic_ns()

    @property
    def active(self) -> int:
        """The incarnation of the actor that writes now; 0 if none does. One that was killed counts
        until its successor comes."""
        return int(self._ring.header["active"])

    @property
    def skipped(self) -> int:
        """Messages that came and were overwritten before they were read."""
        return int(self._cursor[1])

    @property
    def gone(self) -> bool:
        """Whether the deployment has ended and taken the ring away."""
        return os.fstat(self._ring.fd).st_nlink == 0

    def read(self, most: int = _BATCH) -> np.ndarray:
        """The bodies of the next messages, at most ``most``, shape (n,); valid until the next read.

        Call again while it gives any; :attr:`skipped` grows when some before these were missed.
        """
        ring = self._ring
        n = read_tap(ring.address, ring.slots - 1, ring.slot_size, self.message.size,
                     self._cursor.ctypes.data, self._out.ctypes.data, min(most, _BATCH))
        return self._out["body"][:n]

    def close(self) -> None:
        """Goes; the producer stops writing if it was the last reader."""
        if self._ring.fd >= 0:
            self._ring.let_go()
