"""Records of the runtime: what lies where, in shared memory and in a process.

Shared pages keep what each side writes on cache lines of its own (128 bytes: adjacent lines are
fetched together). All fields are int64 unless said otherwise; addresses are int64.

::

    deployment page   one record: trading enabled, draining, supervisor heartbeat
    wire page         one record a wire: the producer's counters | the consumer's counters
    vitals page       one file an actor: header | counters | histograms | log ring | description
    tap ring          one file a tapped output port: header | slots, see ``actors.runtime.tap_ring``
    ring              one file a ``shm`` wire and incarnation of its consumer: ``actors.runtime.ring``

The ``socket`` of a wire's record is libzmq's handle, or, if it ``is_ring``, the ring's address.
"""

import numpy as np

__all__ = [
    "COUNTERS", "CTX", "DEPLOYMENT", "IN_WIRE", "LOG_CAPACITY", "LOG_RECORD", "MAX_PORTS",
    "MAX_TABLES", "MAX_WIRES_PER_PORT", "OUT_PORT", "OUT_WIRE", "POLLER", "RING",
    "TAP_RING", "THREAD", "TIMER", "VITALS", "WIRE_PAGE",
]

MAX_WIRES_PER_PORT = 16
MAX_PORTS = 16
MAX_TABLES = 32
COUNTERS = 64
LOG_CAPACITY = 1024


def _record(size: int, *fields: str, **extra: tuple) -> np.dtype:
    """int64 ``fields`` in order, then ``extra`` (name=(dtype, shape)), padded to ``size`` bytes."""
    items = [(name, "i8") for name in fields]
    items += [(name, *spec) for name, spec in extra.items()]
    used = np.dtype(items, align=True).itemsize
    if used > size:
        raise TypeError(f"record needs {used} bytes, has {size}")
    if used < size:
        items.append(("_pad", "u1", (size - used,)))
    return np.dtype(items, align=True)


DEPLOYMENT = _record(
    256,
    "magic", "trading_enabled", "draining", "supervisor_pid", "supervisor_ns", "started_ns",
    "wall_offset_ns", "generation", "detached",
)

# Producer's line, then consumer's line; each side writes its own only.
#     offered   = published + full + down + conflated + unsent + what a ``latest`` wire keeps back
#     published = handled + stale + left + p_lost + c_lost + what the transport holds
#     missing  <= offered - published, or something vanished on the way
# Foreign messages come from somebody else: nobody published them. See ``actors.runtime.ledger``.
WIRE_PAGE = np.dtype([
    ("p_epoch", "i8"),      # incarnation of the producer; set before it may connect
    ("offered", "i8"),      # messages committed to this wire
    ("published", "i8"),    # of these, handed to the transport
    ("full", "i8"),         # dropped: no credit
    ("down", "i8"),         # dropped: no consumer
    ("conflated", "i8"),    # dropped: replaced by a newer one of the same symbol
    ("failed", "i8"),       # claims refused: the handler was told, nothing was offered
    ("p_lost", "i8"),       # in flight when the consumer died
    ("p_connected", "i8"),  # epoch of the consumer the producer is connected to, 0 = none
    ("p_closed", "i8"),     # orderly end of the producer
    ("unsent", "i8"),       # lost: kept back, or just being sent, when the producer died
    ("_p_pad", "i8", (5,)),
    ("c_epoch", "i8"),      # incarnation of the consumer; set once it has bound
    ("handled", "i8"),
    ("foreign", "i8"),      # dropped: not a message of this type
    ("stale", "i8"),        # dropped: from an earlier incarnation of the producer
    ("left", "i8"),         # dropped: still queued when the consumer ended in order
    ("c_lost", "i8"),       # in flight when the producer died, or when both did
    ("missing", "i8"),      # sequence numbers skipped by what came
    ("accepted", "i8"),     # epoch of the producer whose messages are taken
    ("resync", "i8"),       # how often the consumer asked for a snapshot
    ("c_closed", "i8"),     # the consumer takes nothing more: it ended, or is given up
    ("c_drained", "i8"),    # it ended in order and has accounted for its queue
    ("resume_from", "i8"),  # first number the consumer lacks, where messages carry their own
    ("_c_pad", "i8", (4,)),
])
assert WIRE_PAGE.itemsize == 256 and WIRE_PAGE.fields["c_epoch"][1] == 128

VITALS = _record(
    1024,
    "magic", "pid", "epoch", "state", "heartbeat_ns", "progress", "handled", "restarts",
    "started_ns", "ready_ns", "command", "log_head", "log_tail", "log_dropped", "housekeeper_ns",
    "exit_status", "description_size", "counters_at", "histograms_at", "log_at", "description_at",
    "size", "thread_id", "queue", "tap_request", "crash_point", "crash_after",
    reason=("S400",),
)

# What readers look at once, then what the producer writes with every message.
TAP_RING = np.dtype([
    ("magic", "i8"), ("message_size", "i8"), ("slot_size", "i8"), ("slots", "i8"),
    ("active", "i8"),       # incarnation of the producer that writes, 0 = none
    ("_r_pad", "i8", (11,)),
    ("head", "i8"),         # messages written, over all incarnations
    ("_w_pad", "i8", (15,)),
])
assert TAP_RING.itemsize == 256 and TAP_RING.fields["head"][1] == 128

# What both ends know from their own memory too, then the producer's line, then the consumer's.
RING = np.dtype([
    ("magic", "i8"), ("slot_size", "i8"), ("slots", "i8"), ("_s_pad", "i8", (13,)),
    ("head", "i8"),         # messages written
    ("_h_pad", "i8", (15,)),
    ("tail", "i8"),         # messages read and given back
    ("asleep", "i8"),       # the consumer waits for the bell
    ("_t_pad", "i8", (14,)),
])
assert RING.itemsize == 384 and RING.fields["tail"][1] == 256

LOG_RECORD = np.dtype([("time_ns", "i8"), ("code", "i8"), ("values", "i8", (6,))])

OUT_WIRE = _record(
    320,
    "page", "socket", "c_epoch", "capacity", "overflow", "size", "key_offset", "keys",
    "slots", "dirty", "waiting", "queue", "queue_head", "pending_socket", "pending_epoch",
    "retired_socket", "seen_resync", "is_ring", "ring_mask", "slot_size", "seen_tail", "bell",
    "pending_bell",
    zmsg=("i8", (8,)),
)

OUT_PORT = _record(
    384,
    "port_id", "size", "prefix0", "prefix1", "prefix2", "burst", "seq", "claimed", "n_wires",
    "resync_handler", "tap", "tap_slot_size", "tap_mask", "scratch",
    wires=("i8", (MAX_WIRES_PER_PORT,)), zmsg=("i8", (8,)),
)

IN_WIRE = _record(
    320,
    "page", "socket", "size", "prefix0", "prefix1", "prefix2", "handler", "ctx", "epoch",
    "expected", "priority", "input", "sample_size", "p_epoch", "fd", "conflates", "is_ring",
    "ring_mask", "slot_size", "seen_head", "tail",
    zmsg=("i8", (8,)), sample=("u1", (64,)),
)

TIMER = _record(64, "next_ns", "every_ns", "handler", "ctx")
POLLER = _record(64, "fd", "handler", "ctx")

CTX = _record(
    1280,
    "now_ns", "epoch", "cause", "missing", "new_epoch", "input", "vitals", "counters", "histograms",
    "log", "deployment", "live", "n_tables", "n_blocking", "scratch0", "scratch1", "index", "page",
    ports=("i8", (MAX_PORTS,)), tables=("i8", (MAX_TABLES,)), rows=("i8", (MAX_TABLES,)),
    cols=("i8", (MAX_TABLES,)), blocking=("i8", (MAX_PORTS,)),
)

THREAD = _record(
    256,
    "stop", "running", "wait", "spin_ns", "n_in", "ins", "n_out", "outs", "n_timers", "timers",
    "n_pollers", "pollers", "n_ctx", "ctxs", "wake_fd", "pollfds", "scratch0", "scratch1", "turns",
    "sleeps",
)
