"""The output logs on file, beside the checkpoints: the bytes that clients may ask for again.

The file holds the rings one behind the other, and each log's marks behind its ring, at the same
places as in memory. A checkpoint adds what was appended since the last one. What it writes over was
older than a ring is long; a recovery that begins with an older checkpoint appends the same bytes
again. So a kill while it is written does no harm. The file is sparse.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np

from actors.exchange.sequenced_log import MARK_EVERY, SLACK, LogMemory
from actors.runtime.journal import JournalError

__all__ = ["StreamFile"]


class StreamFile:
    """Saves logs up to where they ended at a checkpoint; loads them again."""

    def __init__(self, path: pathlib.Path, logs: LogMemory):
        """Opens the file, or makes one. JournalError if that is not possible."""
        self._logs = logs
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"cannot open {path}: {error.strerror}") from error
        self.path = path
        self._ends = np.zeros(logs.logs.size, np.int64)
        self._numbers = np.zeros(logs.logs.size, np.int64)
        sizes = [size for log in logs.logs for size in (int(log["capacity"]),
                                                       8 * int(log["n_marks"]))]
        self._places = np.concatenate([[0], np.cumsum(sizes)])

    def save(self, ends: np.ndarray, following: np.ndarray, durable: bool) -> None:
        """Writes down what was appended up to the positions ``ends`` and to the messages before
        ``following``. The logs may grow meanwhile. JournalError if there is no room."""
        try:
            for n, (ring, marks) in enumerate(zip(self._logs.rings, self._logs.marks)):
                self._save(2 * n, ring[:int(self._logs.logs[n]["capacity"])],
                           int(self._ends[n]), int(ends[n]))
                self._save(2 * n + 1, marks, -(-int(self._numbers[n]) // MARK_EVERY),
                           -(-(int(following[n]) - 1) // MARK_EVERY))
            if durable:
                os.fdatasync(self._fd)
        except OSError as error:
            raise JournalError(f"cannot write {self.path}: {error.strerror}; free space there, or "
                               f"let the journal lie elsewhere (journal.folder)") from error
        self._ends, self._numbers = ends.copy(), following - 1

    def _save(self, place: int, ring: np.ndarray, begin: int, end: int) -> None:
        """Items ``begin`` to ``end`` of a stream of which ``ring`` has the last."""
        begin = max(begin, end - ring.size)
        while begin < end:
            at = begin % ring.size
            piece = ring[at:at + end - begin]
            os.pwrite(self._fd, memoryview(piece.view(np.uint8)),
                      int(self._places[place]) + at * ring.itemsize)
            begin += piece.size

    def load(self, first: int = 0) -> None:
        """Fills the rings and marks of logs, from number ``first`` on, whose ``end`` and
        ``next_seq`` are a checkpoint's."""
        rows = self._logs.logs
        for n in range(first, rows.size):
            ring, marks = self._logs.rings[n], self._logs.marks[n]
            capacity = int(rows[n]["capacity"])
            self._load(2 * n, ring[:capacity], int(rows[n]["end"]))
            ring[capacity:capacity + SLACK] = ring[:SLACK]
            self._load(2 * n + 1, marks, -(-(int(rows[n]["next_seq"]) - 1) // MARK_EVERY))
        self._ends, self._numbers = rows["end"].copy(), rows["next_seq"] - 1

    def _load(self, place: int, ring: np.ndarray, end: int) -> None:
        wanted = memoryview(ring[:min(end, ring.size)].view(np.uint8))
        at = int(self._places[place])
        while wanted:
            n = os.preadv(self._fd, [wanted], at)
            if n == 0:
                raise JournalError(f"{self.path} is shorter than the checkpoint says; bring it "
                                   f"back from a copy, or set on_restart: clear to begin anew")
            wanted, at = wanted[n:], at + n

    def close(self) -> None:
        os.close(self._fd)
