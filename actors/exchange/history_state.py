"""What playing a recording remembers: the events, and how far it is."""

from typing import NamedTuple

import numpy as np

__all__ = ["HISTORY", "History"]

#: A recording being played: the address of its EVENT records, how many there are, how many of them
#: come before it begins, and which is ``next``. The recording's time ``begins_ns`` is the clock's
#: ``base_ns`` (0: not begun), and ``speed`` of its nanoseconds pass in one (0: as fast as can be).
HISTORY = np.dtype([
    ("events", "i8"), ("count", "i8"), ("seeds", "i8"), ("next", "i8"), ("begins_ns", "i8"),
    ("base_ns", "i8"), ("speed", "f8"), ("loop", "i8"), ("laps", "i8"), ("waits", "i8"),
    ("ended", "i8"),
])


class History(NamedTuple):
    """``state``: one HISTORY; ``events``: its EVENT records."""

    state: np.ndarray
    events: np.ndarray
