"""Carrying out a journal's records once more, and what is known about durability and recovery."""

from __future__ import annotations

import ctypes

import numpy as np

from actors.runtime.handler import handler
from actors.runtime.journal.checkpoints import Checkpoint
from actors.runtime.journal.layout import RECORD_HEADER, SEGMENT_HEADER
from actors.runtime.journal.reading import Part
from actors.runtime.native import call_handler, load_i64
from schemas.pointer import record_at

__all__ = ["DURABILITY", "REPLAY", "call_compiled", "on_replay", "replay_tail"]

_COMPILED = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)

#: Shared table ``durability`` of whoever keeps a journal: the last record there is, on the disk too
#: up to ``synced``; the last checkpoint, before record ``checkpoint``, with the state's hash then;
#: after a recovery, how many records there were and were replayed, the state's hash after that, and
#: how long it took to load the checkpoint and look through the journal, to replay, and in all until
#: the actor was ready.
DURABILITY = np.dtype([
    ("sequence", "i8"), ("synced", "i8"), ("stalled", "i8"), ("checkpoint", "i8"),
    ("checkpoint_hash", "u8"), ("copy_ns", "i8"), ("recovered", "i8"), ("replayed", "i8"),
    ("recovered_hash", "u8"), ("load_ns", "i8"), ("replay_ns", "i8"), ("ready_ns", "i8"),
])

#: What :data:`on_replay` goes through: the records at offsets ``at`` to ``end`` of the segment at
#: address ``base``, each for the handler at ``apply``, whose context is ``ctx``. It counts them.
REPLAY = np.dtype([("base", "i8"), ("at", "i8"), ("end", "i8"), ("records", "i8"),
                   ("apply", "i8"), ("ctx", "i8")])


@handler
def on_replay(replay, unused):
    """Carries out the records that the REPLAY at address ``replay`` names."""
    todo = record_at(replay, np.int64(0), REPLAY)
    while todo.at < todo.end:
        record = todo.base + todo.at
        call_handler(todo.apply, todo.ctx, record)
        length = load_i64(record) & 0xFFFFFFFF
        todo.at += RECORD_HEADER + ((length + 7) & ~np.int64(7))
        todo.records += 1
    return 0


def call_compiled(address: int, ctx: int, argument: int) -> int:
    """Calls the handler at ``address``."""
    return _COMPILED(address)(ctx, argument)


def replay_tail(tail: list[Part], mark: Checkpoint | None, apply: int, ctx: int) -> int:
    """Hands every record of a journal's ``tail`` since the checkpoint ``mark`` to the handler at
    address ``apply``. Returns how many there were."""
    todo = np.zeros(1, REPLAY)
    todo["apply"], todo["ctx"] = apply, ctx
    for part in tail:
        begin = SEGMENT_HEADER
        if mark is not None and part.segment.number == mark.segment:
            begin = mark.offset
        todo["base"], todo["at"], todo["end"] = part.segment.address, begin, part.end
        call_compiled(on_replay.address, todo.ctypes.data, 0)
    return int(todo["records"][0])
