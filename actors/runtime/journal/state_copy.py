"""Copying the state between two inputs: the reactor copies, the housekeeper writes it down.

The copy is one move of memory for each block, into memory set aside for it. The actor stands still
for so long; how long is noted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from actors.runtime.clock import now_ns
from actors.runtime.journal.kernels import journal_at
from actors.runtime.native import kernel, load_acquire, memcpy, store_release
from schemas.pointer import record_at

__all__ = ["COPY", "GIVEN", "NONE", "SNAPSHOT", "StateCopy", "WANTED", "give_snapshot"]

#: ``SNAPSHOT.stage``: the housekeeper sets WANTED, the reactor GIVEN.
NONE, WANTED, GIVEN = 0, 1, 2

#: Position of the journal's record that comes after the copy, and how long copying took.
SNAPSHOT = np.dtype([("stage", "i8"), ("copies", "i8"), ("n_copies", "i8"), ("sequence", "i8"),
                     ("segment", "i8"), ("offset", "i8"), ("took_ns", "i8"), ("reserved", "i8")])

#: A block of ``size`` bytes: its address, and that of its copy.
COPY = np.dtype([("source", "i8"), ("target", "i8"), ("size", "i8")])


@kernel
def give_snapshot(address, journal, scratch):
    """Copy the state if the housekeeper wants it. ``address``: of the SNAPSHOT, or 0; ``journal``:
    of the JOURNAL; ``scratch``: of 16 writable bytes."""
    if address == 0 or load_acquire(address) != WANTED:
        return
    snapshot = record_at(address, np.int64(0), SNAPSHOT)
    began = now_ns(scratch)
    for n in range(snapshot.n_copies):
        block = record_at(snapshot.copies, n, COPY)
        memcpy(block.target, block.source, block.size)
    row = journal_at(journal)
    snapshot.sequence, snapshot.segment, snapshot.offset = row.sequence, row.number, row.at
    snapshot.took_ns = now_ns(scratch) - began
    store_release(address, np.int64(GIVEN))


class StateCopy:
    """The housekeeper's side: ``copies`` are uint8 arrays by name, of the blocks at the last
    GIVEN; every page of them is there from the beginning."""

    def __init__(self, blocks: Mapping[str, np.ndarray]):
        """``blocks``: the live memory, contiguous, which has to stay where it is."""
        self.copies = {name: np.ones(-(-block.nbytes // 8) * 8, np.uint8)[:block.nbytes]
                       for name, block in blocks.items()}
        self._list = np.zeros(len(blocks), COPY)
        for entry, (name, block) in zip(self._list, blocks.items(), strict=True):
            entry["source"], entry["size"] = block.ctypes.data, block.nbytes
            entry["target"] = self.copies[name].ctypes.data
        self.record = np.zeros(1, SNAPSHOT)
        self.record["copies"], self.record["n_copies"] = self._list.ctypes.data, len(self._list)

    @property
    def address(self) -> int:
        """What the reactor is given."""
        return self.record.ctypes.data

    @property
    def stage(self) -> int:
        return int(self.record[0]["stage"])

    @stage.setter
    def stage(self, stage: int) -> None:
        self.record["stage"] = stage

    @property
    def position(self) -> tuple[int, int, int]:
        """Sequence number, segment and offset of the record after the copy."""
        row = self.record[0]
        return int(row["sequence"]), int(row["segment"]), int(row["offset"])
