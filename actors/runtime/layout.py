"""Records of the runtime: what lies where, in shared memory and in a process.

Shared pages keep what each side writes on cache lines of its own (128 bytes: adjacent lines are
fetched together). All fields are int64 unless said otherwise; addresses are int64.

::

    deployment page   one record: trading enabled, draining, supervisor heartbeat; then how trading
                      is governed (leases, mode, requests), see ``actors.runtime.trading``
    wire page         one record a wire: the producer's counters | the consumer's counters
    faults            one record a wire: what a chaos experiment asks for
    vitals page       one file an actor: header | counters | histograms | log ring | description
    tap ring          one file a tapped output port: header | slots, see ``actors.runtime.tap_ring``
    ring              one file a ``shm`` wire and incarnation of its consumer: ``actors.runtime.ring``

The ``socket`` of a wire's record is libzmq's handle, or, if it ``is_ring``, the ring's address.
"""

import numpy as np

__all__ = [
    "ANSWER", "COUNTERS", "CTX", "DEPLOYMENT", "FAULT", "IN_WIRE", "LOG_CAPACITY", "LOG_RECORD",
    "MAX_PORTS", "MAX_TABLES", "MAX_WIRES_PER_PORT", "OUT_PORT", "OUT_WIRE", "POLLER", "RING",
    "ROLE_SLOTS", "TAP_RING", "THREAD", "TIMER", "TRADING", "VITALS", "WIRE_PAGE",
]

MAX_WIRES_PER_PORT = 16
MAX_PORTS = 16
MAX_TABLES = 32
COUNTERS = 64
LOG_CAPACITY = 1024
#: Room for actors of one role (risk managers, gateways) in a deployment.
ROLE_SLOTS = 8


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


#: What one risk manager or gateway answers, on a line of its own. ``request`` is the number of the
#: request it works on, ``done`` of the last it has completed; ``asked``, ``left``, ``shares`` and
#: ``sent`` are orders it cancelled, orders or shares that remain, shares it had to close, orders it
#: sent. ``mode``: its own trading state. ``losses`` of the lease, the last at ``lost_ns``.
ANSWER = _record(
    128,
    "request", "done", "asked", "left", "shares", "sent", "began_ns", "done_ns", "mode", "losses",
    "lost_ns", "regained_ns", "until_ref", "rounds", "next_ns",
)

#: The supervisor's line, the leases, the probes taken, and the answers. ``holders``: how many
#: leases are demanded, 0 = none; a lease is the time until which it holds. ``floor`` is the trading
#: state that admits no probes, ``mode`` the one that does; ``granted`` probes in all, ``taken`` of them.
TRADING = np.dtype([
    ("period_ns", "i8"), ("grace_ns", "i8"), ("cancels", "i8"), ("holders", "i8"),
    ("floor", "i8"), ("mode", "i8"), ("granted", "i8"), ("operator", "i8"),
    ("request", "i8"),      # number of the last request; stored after its arguments
    ("instruction", "i8"), ("symbol_id", "i8"), ("strategy_id", "i8"), ("requested_ns", "i8"),
    ("gateways", "i8"), ("risks", "i8"),
    ("flattening", "i8"),   # risk closes positions, which PAUSED does not keep it from
    ("leases", "i8", (16,)),
    ("taken", "i8"), ("_t_pad", "i8", (15,)),
    ("risk", ANSWER, (ROLE_SLOTS,)),
    ("gateway", ANSWER, (ROLE_SLOTS,)),
])
assert TRADING.fields["leases"][1] == 128 and TRADING.fields["risk"][1] == 384

DEPLOYMENT = np.dtype([
    ("magic", "i8"), ("trading_enabled", "i8"), ("draining", "i8"), ("supervisor_pid", "i8"),
    ("supervisor_ns", "i8"), ("started_ns", "i8"), ("wall_offset_ns", "i8"), ("generation", "i8"),
    ("detached", "i8"), ("supervisor_began", "i8"), ("followed", "i8"), ("fork_server_pid", "i8"),
    ("fork_server_began", "i8"), ("_pad", "i8", (19,)),
    ("trading", TRADING),
])
assert DEPLOYMENT.fields["trading"][1] == 256

# Producer's line, then consumer's line; each side writes its own only.
#     offered   = published + full + down + conflated + chaos + unsent + what is kept back
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
    ("resync_served", "i8"),  # how many of the consumer's requests by number were answered
    ("chaos", "i8"),        # dropped: a fault on request, see ``actors.runtime.faults``
    ("_p_pad", "i8", (3,)),
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
    "link_cut_ns", "no_space_ns",
    # blocked: it waits for room on a wire; slow_turns of its reactor, the last took slow_turn_ns;
    # then when this incarnation began to run, could handle messages, and was connected.
    "blocked", "slow_turns", "slow_turn_ns", "began_ns", "live_ns", "connected_ns",
    reason=("S400",), previous_exit=("S160",),
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
    384,
    "page", "socket", "c_epoch", "capacity", "overflow", "size", "key_offset", "keys",
    "slots", "dirty", "waiting", "queue", "queue_head", "pending_socket", "pending_epoch",
    "retired_socket", "seen_resync", "fresh", "is_ring", "ring_mask", "slot_size", "seen_tail",
    "bell", "pending_bell", "fault", "held", "held_head", "held_at",
    zmsg=("i8", (8,)), spare_zmsg=("i8", (8,)),
)

# A fault asked for on a wire; see ``actors.runtime.faults``.
FAULT = _record(
    128,
    "kind", "skip", "left", "chance", "delay_ns", "until_ns", "seen", "applied", "scratch0",
    "scratch1", random=("u8", ()),
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
    "slot",
    "journal",
    ports=("i8", (MAX_PORTS,)), tables=("i8", (MAX_TABLES,)), rows=("i8", (MAX_TABLES,)),
    cols=("i8", (MAX_TABLES,)), blocking=("i8", (MAX_PORTS,)),
)

THREAD = _record(
    256,
    "stop", "running", "wait", "spin_ns", "n_in", "ins", "n_out", "outs", "n_timers", "timers",
    "n_pollers", "pollers", "n_ctx", "ctxs", "wake_fd", "pollfds", "scratch0", "scratch1", "turns",
    "sleeps", "began_ns", "worked", "slow_ns",
)
