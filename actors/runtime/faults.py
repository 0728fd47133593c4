"""Faults on request, for chaos experiments: on wires, on the way to the venue, on the disk.

What is asked for lies in shared memory, where anybody may write it while the deployment runs: for a
wire in its record of the page ``faults``, for an actor in its vitals page. Nothing asked costs a
message one load and one branch, in the producer's own memory.

A fault ends by itself: when it has struck ``left`` times, or at ``until_ns``. So an experiment that
is killed leaves nothing behind. Which messages it strikes follows from the seed and from how many
pass, not from time.

What a fault does to a message is in the wire's ledger: dropped and corrupted ones are ``chaos``, a
duplicate is one more sent, a delayed one is in flight.
"""

from __future__ import annotations

import enum
import errno
import os
import pathlib
import weakref

import numba
import numpy as np

from actors.runtime.clock import monotonic_ns, now_ns
from actors.runtime.layout import FAULT
from actors.runtime.native import address_to_pointer, kernel

__all__ = ["ALWAYS", "HELD_SLOTS", "WireFault", "arm_wire", "attend", "check_space", "cut_link",
           "disarm_wire", "fault_record", "links_are_cut", "map_faults", "next_fault", "now_of",
           "take_space"]

ALWAYS = -1        #: no bound on how often a fault strikes
HELD_SLOTS = 256   #: messages that a wire delays at a time; then the oldest goes on
_CERTAIN = 2**32   # chances are counted in this
_SCRATCH = FAULT.fields["scratch0"][1]


class WireFault(enum.IntEnum):
    """What happens to messages of a wire, between the producer and the transport."""

    NONE = 0
    DROP = 1
    DUPLICATE = 2
    DELAY = 3     #: order stays
    REORDER = 4   #: the next message goes before it
    CORRUPT = 5   #: bytes of its frame: the consumer sees something foreign
    FULL = 6      #: no room for more than what is on the way


_NONE = int(WireFault.NONE)


# ---- kernels -------------------------------------------------------------------------------------

@kernel
def fault_record(address):
    return numba.carray(address_to_pointer(address), 1, FAULT)[0]


@kernel
def now_of(address):
    """The time in ns; the FAULT record at ``address`` has room for what the clock writes."""
    return now_ns(address + _SCRATCH)


@kernel
def next_fault(address):
    """Whether the fault of the FAULT record at ``address`` strikes the message that comes now: a
    WireFault, or 0."""
    fault = fault_record(address)
    if fault.kind == _NONE:
        return _NONE
    if fault.until_ns != 0 and now_of(address) >= fault.until_ns:
        fault.kind = _NONE
        return _NONE
    fault.seen += 1
    if fault.skip > 0:
        fault.skip -= 1
        return _NONE
    if fault.left == 0:
        return _NONE
    random = fault.random  # xorshift64, Marsaglia 2003
    random ^= random << np.uint64(13)
    random ^= random >> np.uint64(7)
    random ^= random << np.uint64(17)
    fault.random = random
    if np.int64(random >> np.uint64(32)) >= fault.chance:
        return _NONE
    if fault.left > 0:
        fault.left -= 1
    fault.applied += 1
    return fault.kind


# ---- for those who ask ---------------------------------------------------------------------------

def map_faults(shm_dir: str | os.PathLike, n: int, create: bool = False) -> np.ndarray:
    """What is asked of each wire: FAULT (n,)."""
    from actors.runtime.vitals import Page

    page = Page(pathlib.Path(shm_dir) / "faults", max(n, 1) * FAULT.itemsize, create)
    return page.view(FAULT, 0, n)


def arm_wire(fault: np.ndarray, kind: WireFault, *, skip: int = 0, count: int = ALWAYS,
             chance: float = 1.0, delay_ns: int = 0, seed: int = 1, until_ns: int = 0) -> None:
    """Asks for a fault on the wire whose FAULT record is ``fault``: after ``skip`` messages,
    ``count`` of those that follow, each with probability ``chance``. ``until_ns``: monotonic time
    at which it ends in any case, 0 for never. ``delay_ns``: of DELAY. ValueError if that cannot be.
    """
    if not 0.0 < chance <= 1.0:
        raise ValueError(f"a chance is above 0 and 1 at most, not {chance}")
    if skip < 0 or delay_ns < 0 or count < 1 and count != ALWAYS:
        raise ValueError(f"skip={skip}, count={count}, delay_ns={delay_ns} cannot be")
    fault["kind"] = WireFault.NONE
    fault["skip"], fault["left"], fault["chance"] = skip, count, round(chance * _CERTAIN)
    fault["delay_ns"], fault["until_ns"] = delay_ns, until_ns
    fault["random"] = (seed * 0x9E3779B97F4A7C15 & 2**64 - 1) or 1  # xorshift stays at 0
    fault["seen"] = fault["applied"] = 0
    fault["kind"] = kind


def disarm_wire(fault: np.ndarray) -> None:
    """No fault on that wire any more; what it held goes on."""
    fault["kind"] = WireFault.NONE


def cut_link(header: np.ndarray, until_ns: int) -> None:
    """Every connection that the actor's process has to a venue is cut, and not made again before
    ``until_ns`` (monotonic). ``header``: of the actor's vitals."""
    header["link_cut_ns"] = until_ns


def take_space(header: np.ndarray, until_ns: int) -> None:
    """Until then there is no space on the disk for journals of the actor's process."""
    header["no_space_ns"] = until_ns


# ---- for those who obey --------------------------------------------------------------------------

_attended: list[weakref.ref] = []


def attend(header: np.ndarray) -> None:
    """From now on, what is asked in this vitals header holds for this process, as long as the
    array lives."""
    _attended[:] = [ref for ref in _attended if ref() is not None]
    _attended.append(weakref.ref(header))


def _asked(field: str) -> int:
    headers = (ref() for ref in _attended)
    return max((int(header[field]) for header in headers if header is not None), default=0)


def links_are_cut(now: int) -> bool:
    """Whether this process must have no connection to a venue now."""
    return now < _asked("link_cut_ns")


def check_space() -> None:
    """OSError ENOSPC if there is to be no space on the disk now."""
    if monotonic_ns() < _asked("no_space_ns"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


