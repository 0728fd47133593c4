"""Messages on their way: kernels that say how late one is, and let it go when its time has come.

How late a message is, is a function of the seed, its direction, its stream and its number there:
the same messages are late by the same, whatever happens around them. A message is never due before
the one ahead of it, so streams keep their order.
"""

import math

import numpy as np

from actors.book.memory import kernel, record_at
from actors.exchange.latency_state import (
    ARRIVALS, DELAY, LATENCY, MARK, OUTLET, OUTLET_MARKS, Direction, Kind,
)
from actors.exchange.session_state import SessionKind
from actors.exchange.venue import Phase, log_at, session_at, venue_at
from schemas.venue.big_endian import get_u16

__all__ = ["delay_ns", "due_soon", "hold_back", "is_due", "latency_at", "let_arrive",
           "note_arrival", "note_taken", "outlet_at", "set_delay"]

_GAMMA, _STREAM = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = (np.uint64(n) for n in (30, 27, 31, 11))
_TO_UNIT = 2.0**-53
_LONGEST_NS = 60e9
_FRAME = 2  # bytes of a packet that its length does not count
_ORDERS, _REPLIES = np.int64(Direction.ORDERS), np.int64(Direction.REPLIES)
_MARKET_DATA = np.int64(Direction.MARKET_DATA)
_MARK_BYTES = MARK.itemsize
_SOON_NS = 1_000_000


@kernel
def latency_at(venue):
    """The LATENCY record."""
    return record_at(venue_at(venue).latency, np.int64(0), LATENCY)


@kernel
def _delay_at(venue, direction):
    return record_at(latency_at(venue).delays_at, np.int64(direction), DELAY)


@kernel
def outlet_at(venue, number):
    """The OUTLET of a log."""
    return record_at(latency_at(venue).outlets_at, np.int64(number), OUTLET)


@kernel
def _uniform(seed, stream, n):
    """In (0, 1]: number ``n`` of a stream, SplitMix64 at a place of its own."""
    z = seed + np.uint64(stream) * _STREAM + np.uint64(n) * _GAMMA
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    z = z ^ (z >> _31)
    return (np.int64(z >> _11) + 1) * _TO_UNIT


@kernel
def delay_ns(delay, stream, number):
    """How late message ``number`` of a stream is, by a DELAY."""
    kind = delay.kind
    if kind == Kind.NONE:
        return np.int64(0)
    if kind == Kind.CONSTANT:
        return np.int64(delay.low)
    u = _uniform(delay.seed, stream, 2 * number)
    if kind == Kind.UNIFORM:
        return np.int64(delay.low + (delay.high - delay.low) * u)
    if kind == Kind.SPIKES:
        return np.int64(delay.high if u <= delay.shape else delay.low)
    v = _uniform(delay.seed, stream, 2 * number + 1)
    normal = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
    return np.int64(min(delay.low * math.exp(delay.shape * normal), _LONGEST_NS))


@kernel
def _expect(venue, due_ns):
    """Something is due then."""
    latency = latency_at(venue)
    if latency.next_ns == 0 or due_ns < latency.next_ns:
        latency.next_ns = due_ns


# --- orders in --------------------------------------------------------------------------------


@kernel
def note_arrival(venue, slot, n, turn_ns):
    """A session has just received ``n`` more bytes."""
    session = session_at(venue, slot)
    session.arrived += n
    if session.last_mark - session.first_mark == ARRIVALS:
        session.last_mark -= 1  # shares the last entry
    at = latency_at(venue).arrivals_at + (slot * ARRIVALS
                                          + session.last_mark % ARRIVALS) * _MARK_BYTES
    mark = record_at(at, np.int64(0), MARK)
    mark.end = session.arrived
    mark.due_ns = turn_ns
    session.last_mark += 1


@kernel
def let_arrive(venue, slot, turn_ns):
    """Begin to note what a session receives: what it has in its buffer came now."""
    session = session_at(venue, slot)
    session.arrived = session.filled - session.begin
    session.taken = 0
    session.first_mark = 0
    session.last_mark = 0
    session.notes = 1
    if session.arrived > 0:
        waiting = session.arrived
        session.arrived = 0
        note_arrival(venue, slot, waiting, turn_ns)


@kernel
def _arrived_ns(venue, slot, end):
    """When the byte before position ``end`` of a session's stream came."""
    session = session_at(venue, slot)
    at = latency_at(venue).arrivals_at + slot * ARRIVALS * _MARK_BYTES
    while session.first_mark < session.last_mark:
        mark = record_at(at, session.first_mark % ARRIVALS, MARK)
        if mark.end >= end:
            return mark.due_ns
        session.first_mark += 1
    return np.int64(0)


@kernel
def is_due(venue, slot, length, turn_ns):
    """Whether the session's next packet, of ``length`` bytes, which is a request, has arrived."""
    session = session_at(venue, slot)
    if session.due_ns == 0:
        session.requests += 1
        arrived = _arrived_ns(venue, slot, session.taken + length)
        late = delay_ns(_delay_at(venue, _ORDERS), session.account, session.requests)
        session.due_ns = max(arrived + late, session.last_due_ns)
    if session.due_ns > turn_ns:
        _expect(venue, session.due_ns)
        return False
    return True


@kernel
def note_taken(venue, slot, length):
    """The session's next packet, of ``length`` bytes, is dealt with."""
    session = session_at(venue, slot)
    session.taken += length
    if session.due_ns != 0:
        session.last_due_ns = session.due_ns
        session.due_ns = 0


# --- out --------------------------------------------------------------------------------------


@kernel
def _note_published(venue, number, direction, turn_ns):
    """Give the messages that a log has got since the last time theirs."""
    log, outlet = log_at(venue, number), outlet_at(venue, number)
    delay = _delay_at(venue, direction)
    while outlet.noted < log.end:
        frame = log.base + (outlet.noted & (log.capacity - 1))
        outlet.noted += _FRAME + get_u16(frame, 0)
        due_ns = max(turn_ns + delay_ns(delay, number, outlet.number), outlet.last_ns)
        outlet.number += 1
        outlet.last_ns = due_ns
        if outlet.tail - outlet.head == OUTLET_MARKS:
            outlet.tail -= 1  # shares the last entry
        mark = record_at(outlet.marks_at, outlet.tail % OUTLET_MARKS, MARK)
        mark.end = outlet.noted
        mark.due_ns = due_ns
        outlet.tail += 1


@kernel
def _open(venue, number, turn_ns):
    """Let a log's messages go whose time has come; all of them when the day is over. Returns
    whether some still wait."""
    log, outlet = log_at(venue, number), outlet_at(venue, number)
    waits = False
    while outlet.head < outlet.tail:
        mark = record_at(outlet.marks_at, outlet.head % OUTLET_MARKS, MARK)
        if mark.due_ns > turn_ns and venue_at(venue).phase != Phase.CLOSED:
            _expect(venue, mark.due_ns)
            waits = True
            break
        outlet.open = mark.end
        outlet.head += 1
    if venue_at(venue).holds == 0:
        outlet.cleared = log.end
    log.limit = min(outlet.open, outlet.cleared)
    return waits


@kernel
def hold_back(venue, turn_ns):
    """Note what was published, let go what is due. Once no direction out is late any more, and
    nothing waits, the logs are as if none had ever been."""
    latency = latency_at(venue)
    waits = False
    for number in range(venue_at(venue).n_logs):
        _note_published(venue, number, _MARKET_DATA if number == 0 else _REPLIES, turn_ns)
        waits |= _open(venue, number, turn_ns)
    if not waits and _delay_at(venue, _REPLIES).kind == 0 \
            and _delay_at(venue, _MARKET_DATA).kind == 0:
        latency.out = 0
        for number in range(venue_at(venue).n_logs):
            log = log_at(venue, number)
            log.holds = venue_at(venue).holds
            log.limit = log.end if log.holds == 0 else outlet_at(venue, number).cleared


@kernel
def due_soon(venue, turn_ns):
    """1 if something that is late is due within a millisecond, so that the reactor stays awake."""
    next_ns = latency_at(venue).next_ns
    return np.int64(next_ns != 0 and next_ns - turn_ns < _SOON_NS)


@kernel
def set_delay(venue, direction, kind, low, high, shape, seed, turn_ns):
    """Delay what goes in a direction so from now on; what is under way keeps its time."""
    latency, delay = latency_at(venue), _delay_at(venue, direction)
    delay.kind = kind
    delay.low = low
    delay.high = high
    delay.shape = shape
    delay.seed = np.uint64(seed) + np.uint64(direction) * _GAMMA
    if direction == _ORDERS:
        if kind != 0 and latency.orders == 0:
            for slot in range(venue_at(venue).used):
                if session_at(venue, slot).kind != SessionKind.MARKET_DATA:
                    let_arrive(venue, slot, turn_ns)
        if kind != 0:
            latency.orders = 1
    elif kind != 0 and latency.out == 0:
        latency.out = 1
        for number in range(venue_at(venue).n_logs):
            log, outlet = log_at(venue, number), outlet_at(venue, number)
            outlet.noted = log.end
            outlet.number = log.next_seq
            outlet.open = log.end
            outlet.cleared = log.limit
            outlet.head = outlet.tail
            log.holds = 1
