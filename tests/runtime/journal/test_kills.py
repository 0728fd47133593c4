"""A process is killed at any instruction while a kernel appends: what it committed is there."""

import mmap
import os
import random
import signal
import threading
import time

import numpy as np
import pytest

from actors.runtime.journal import Journal, read_checkpoint, read_journal, read_records
from actors.runtime.journal.checkpoints import list_checkpoints
from tests.runtime.journal.writing import SMALL, check_numbered, write_numbered

_TOLD, _STARTED = 0, 1


def _write_until_killed(folder, shared: np.ndarray) -> None:
    """The child: a checkpoint of what there is, then a housekeeper that keeps segments ready
    beside a kernel that never stops."""
    shared[_STARTED] += 1
    journal = Journal(folder, SMALL)
    journal.write_checkpoint(journal.position, {"sequence": np.array([journal.position[0]])})
    told = shared.ctypes.data
    writer = threading.Thread(target=lambda: _write(journal, told), daemon=True)
    writer.start()
    while True:
        journal.maintain(time.monotonic_ns())


def _write(journal: Journal, told: int) -> None:
    while True:
        write_numbered(journal.address, 1_000, told)


@pytest.mark.parametrize("seed", range(3))
def test_sigkill_at_any_moment_loses_nothing_committed(tmp_path, seed):
    warm, told = Journal(tmp_path / "warm", SMALL), np.zeros(1, np.int64)
    write_numbered(warm.address, 1, told.ctypes.data)  # compiled here, not in every child
    folder, chance = tmp_path / "journal", random.Random(seed)
    page = mmap.mmap(-1, 4096)
    shared = np.frombuffer(page, np.int64)
    for life in range(100):
        pid = os.fork()
        if pid == 0:
            try:
                _write_until_killed(folder, shared)
            finally:
                os._exit(1)
        while shared[_STARTED] == life:
            assert os.waitpid(pid, os.WNOHANG) == (0, 0)
        time.sleep(chance.random() * 0.006)  # the moment of the kill, not something waited for
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL, "the child could not open the journal"
        if life % 5 == 4 and shared[_TOLD] > 0:  # or none lived long enough to make a journal
            _check(folder, int(shared[_TOLD]))
    assert shared[_TOLD] > 1_000


def _check(folder, told: int) -> None:
    reading = read_journal(folder)
    assert reading.damage is None and reading.following > told
    check_numbered(read_records(reading, reading.following - 500))
    for path in list_checkpoints(folder):
        made = read_checkpoint(path)
        assert made.blocks["sequence"].view(np.int64)[0] == made.sequence <= reading.following
        assert made.segment >= reading.parts[0].segment.number
