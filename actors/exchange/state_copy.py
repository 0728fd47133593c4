"""Copying the state between two inputs: the reactor copies, the housekeeper writes it down.

The copy is one move of memory for each block, into memory set aside for it. The market stands still
for so long; how long is noted.
"""

import numpy as np

from actors.book.memory import move_bytes, record_at
from actors.exchange.venue import venue_at
from actors.runtime import kernel
from actors.runtime.clock import now_ns
from actors.runtime.journal.kernels import journal_at
from actors.runtime.native import load_acquire, store_release

__all__ = ["COPY", "GIVEN", "NONE", "SNAPSHOT", "WANTED", "give_snapshot"]

#: ``SNAPSHOT.stage``: the housekeeper sets WANTED, the reactor GIVEN.
NONE, WANTED, GIVEN = 0, 1, 2

#: Position of the journal's record that comes after the copy, and how long copying took.
SNAPSHOT = np.dtype([("stage", "i8"), ("copies", "i8"), ("n_copies", "i8"), ("sequence", "i8"),
                     ("segment", "i8"), ("offset", "i8"), ("took_ns", "i8"), ("reserved", "i8")])

#: A block of ``size`` bytes: its address, and that of its copy.
COPY = np.dtype([("source", "i8"), ("target", "i8"), ("size", "i8")])


@kernel
def give_snapshot(venue):
    """Copy the state if the housekeeper wants it."""
    address = venue_at(venue).snapshot
    if address == 0 or load_acquire(address) != WANTED:
        return
    snapshot = record_at(address, np.int64(0), SNAPSHOT)
    began = now_ns(venue_at(venue).scratch_at)
    for n in range(snapshot.n_copies):
        block = record_at(snapshot.copies, n, COPY)
        move_bytes(block.target, block.source, block.size)
    journal = journal_at(venue_at(venue).journal)
    snapshot.sequence, snapshot.segment, snapshot.offset = (journal.sequence, journal.number,
                                                            journal.at)
    snapshot.took_ns = now_ns(venue_at(venue).scratch_at) - began
    store_release(address, np.int64(GIVEN))
