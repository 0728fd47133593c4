"""Inputs of an actor that keeps a journal: written down, then carried out.

A live handler turns whatever changes the actor's state into a record, and hands it to the actor's
one ``apply(ctx, record)``::

    payload = begin_input(ctx, TYPE, length, time_ns)
    if payload == 0:
        ...                        # the journal is full: nothing has happened, and nothing may
    ...                            # build it in place
    carry_out(ctx, payload)        # committed, and applied

``apply`` reads the record and changes the state tables; recovery hands it the journal's records
again, to the same machine code. So it must use nothing else: no clock, no link, no live flags. What
it sends is swallowed in a recovery; what must go out no sooner than it is on the disk
(``durability: disk``) is for the live handler to send, once :func:`is_kept` says so.
"""

import numpy as np

from actors.runtime.journal.kernels import SYNCED_AT, claim_record, commit_record, journal_at
from actors.runtime.journal.layout import JOURNAL, RECORD_HEADER
from actors.runtime.journal.state_copy import give_snapshot
from actors.runtime.layout import CTX
from actors.runtime.native import call_handler, kernel, load_acquire, load_i64
from actors.runtime.records import context
from schemas.pointer import record_at

__all__ = ["RECOVERY", "begin_input", "carry_out", "checkpoint_if_due", "has_journal_room",
           "holds_back", "is_kept", "is_replaying", "last_record", "payload_of", "record_kind",
           "record_length", "record_number", "record_time"]

#: What ``context(ctx).journal`` points to: addresses of the JOURNAL, of ``apply``, and of the
#: SNAPSHOT (0: none are taken). ``holds``: durability is ``disk``.
RECOVERY = np.dtype([("journal", "i8"), ("apply", "i8"), ("snapshot", "i8"), ("holds", "i8"),
                     ("replaying", "i8")])

_SCRATCH = CTX.fields["scratch0"][1]
_SEQUENCE, _TIME = 8, 16
_NEXT_BASE = JOURNAL.fields["next_base"][1]


@kernel
def _recovery(ctx):
    return record_at(context(ctx).journal, np.int64(0), RECOVERY)


@kernel
def begin_input(ctx, kind, length, time_ns):
    """Room for a record of type ``kind`` with a payload of ``length`` bytes: its address, or 0 if
    the journal takes nothing more for now."""
    return claim_record(_recovery(ctx).journal, kind, length, time_ns)


@kernel
def carry_out(ctx, payload):
    """Commits what was begun, and applies it. Returns what ``apply`` does."""
    recovery = _recovery(ctx)
    commit_record(recovery.journal)
    return call_handler(recovery.apply, ctx, payload - RECORD_HEADER)


@kernel
def has_journal_room(ctx, length):
    """Whether records of ``length`` bytes in all, their headers included, fit in for sure."""
    journal = journal_at(_recovery(ctx).journal)
    if journal.size == 0:
        return True
    return journal.at + length + RECORD_HEADER <= journal.size \
        or load_acquire(_recovery(ctx).journal + _NEXT_BASE) != 0


@kernel
def last_record(ctx):
    """Number of the last record written."""
    return journal_at(_recovery(ctx).journal).sequence - 1


@kernel
def is_kept(ctx, number):
    """Whether record ``number`` will outlive what the journal's durability is about, so that what
    follows from it may be seen by others."""
    recovery = _recovery(ctx)
    return recovery.holds == 0 or load_acquire(recovery.journal + SYNCED_AT) > number


@kernel
def holds_back(ctx):
    """Whether output has to wait for the disk at all."""
    return _recovery(ctx).holds != 0


@kernel
def is_replaying(ctx):
    """Whether this is a recovery: nothing is to be sent."""
    return _recovery(ctx).replaying != 0


@kernel
def checkpoint_if_due(ctx):
    """Copies the state for a checkpoint if the housekeeper wants one. For a timer's handler: it
    must be between two inputs."""
    recovery = _recovery(ctx)
    give_snapshot(recovery.snapshot, recovery.journal, ctx + _SCRATCH)


# ---- in ``apply`` --------------------------------------------------------------------------------

@kernel
def record_kind(record):
    """The type of the record at address ``record``."""
    return (load_i64(record) >> 32) & 0xFFFF


@kernel
def record_length(record):
    """Bytes of its payload."""
    return load_i64(record) & 0xFFFFFFFF


@kernel
def record_number(record):
    return load_i64(record + _SEQUENCE)


@kernel
def record_time(record):
    """The time it was begun with."""
    return load_i64(record + _TIME)


@kernel
def payload_of(record):
    """Address of its payload."""
    return record + RECORD_HEADER
