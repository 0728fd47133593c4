"""Crash points: named places in handlers where an experiment may end the process.

"Kill the gateway after the order was sent and before its report is journaled, at the 7th": a kill
from outside cannot hit such a place, so the handler itself looks whether it has been asked to die
there. What is asked lies in the actor's vitals page, where anybody may write it while it runs, and
where it is gone once it has come true. It costs a load and a comparison.

An actor names its points in ``crash_points``; kernels know each by its place in there, from 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.runtime.layout import VITALS
from actors.runtime.native import getpid, kernel, kill, load_acquire, load_i64, store_i64
from actors.runtime.records import context

__all__ = ["arm_crash_point", "crash_at", "crash_point"]

_POINT = VITALS.fields["crash_point"][1]
_AFTER = VITALS.fields["crash_after"][1]
_SIGKILL = 9


@kernel
def crash_at(vitals, number):
    """As :func:`crash_point`, where there is no context: ``vitals`` is the page's address, or 0."""
    if vitals != 0 and load_acquire(vitals + _POINT) == number:
        after = load_i64(vitals + _AFTER) - 1
        store_i64(vitals + _AFTER, after)
        if after <= 0:
            store_i64(vitals + _POINT, 0)
            kill(getpid(), _SIGKILL)


@kernel
def crash_point(ctx, number):
    """Dies here, as by ``kill -9``, if crash point ``number`` is armed and its turn has come."""
    crash_at(context(ctx).vitals, number)


def arm_crash_point(header, points: Sequence[str], name: str, after: int = 1) -> None:
    """The actor whose vitals ``header`` this is dies when it comes to point ``name`` for the
    ``after``-th time from now. ValueError if it has no such point; ``points`` are its names."""
    if name not in points:
        raise ValueError(f"no crash point '{name}' among {', '.join(points) or 'none'}")
    if after < 1:
        raise ValueError(f"a crash at the {after}-th time cannot be: count from 1")
    header["crash_point"] = 0
    header["crash_after"] = after
    header["crash_point"] = points.index(name) + 1
