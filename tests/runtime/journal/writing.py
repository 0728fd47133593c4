"""Kernels that write journals for tests, and their readers."""

import pathlib

import numpy as np

from actors.runtime.journal import (
    Journal, JournalOptions, append_record, claim_record, commit_record, journal_at,
    read_journal, read_records,
)
from actors.runtime.native import kernel, store_i64, store_release

SMALL = JournalOptions("test", segment_bytes=1 << 16)


@kernel
def write_numbered(journal, count, told):
    """Appends records whose payload tells their number and has a length that follows from it.
    Returns how many, after telling each one's number at ``told``."""
    done = 0
    while done < count:
        sequence = journal_at(journal).sequence
        words = sequence % 13
        payload = claim_record(journal, sequence % 5 + 1, 8 * words, sequence * 3)
        if payload == 0:
            break
        for word in range(words):
            store_i64(payload + 8 * word, sequence * 1_000_003 + word)
        commit_record(journal)
        store_release(told, sequence)
        done += 1
    return done


def check_numbered(records) -> None:
    for record in records:
        words = record.sequence % 13
        assert record.kind == record.sequence % 5 + 1
        assert record.time_ns == record.sequence * 3
        expected = record.sequence * 1_000_003 + np.arange(words)
        assert record.payload == expected.astype("i8").tobytes()


def append(journal: Journal, kind: int, payload: bytes, time_ns: int = 0) -> int:
    source = np.frombuffer(payload + bytes(8), np.uint8)
    return append_record(journal.address, kind, source.ctypes.data, len(payload), time_ns)


def contents(folder: pathlib.Path) -> list[tuple[int, int, bytes]]:
    reading = read_journal(folder)
    assert reading.damage is None
    return [(r.kind, r.time_ns, r.payload) for r in read_records(reading)]
