"""The exchange's inputs: all that changes its state, one by one, written down and then carried out.

State is what the venue is but for its connections: engine, flow, accounts, output logs, phase. It
changes in :data:`apply_input` and nowhere else. Live, :func:`carry_out` puts an input into the
journal and hands the record to it; recovery hands it the journal's records again, to the same
machine code. So the state, and every byte in the output logs, is a function of the journal.

A record's ``time_ns`` is the stamp, nanoseconds since midnight; its payload a number and, for
requests, what the client sent::

    type      number                          behind it
    DAY       0                               JSON: the session, the symbols, the config
    OPEN      0
    REQUEST   account | session kind << 32    the message, in the session's protocol
    FLOW      now_ns, monotonic: plays what is due
    BEGIN     0: a trader is in, the recording may begin
    RESUME    ns by which the flow's clock is put forward, after an outage
    CLOSE     0
    DESERT    account: its last session has ended, and it wants its orders canceled then
    HALT      symbol                          the reason, four letters of ITCH
    TRADE     symbol: it trades again         likewise
    FREEZE    symbol | CancelMode << 32
    BUST      match number                    reason, stock locate, the accounts that took part
    EXPIRE    second of the day: orders that are to expire then, or should have, do
"""

from enum import IntEnum

import numpy as np

from actors.book.memory import kernel, move_bytes
from actors.exchange.flow import is_populated, populate, run_flow
from actors.exchange.flow_recorded import begin_now, is_seeded, run_history, seed_history
from actors.exchange.flow_clock import put_forward
from actors.exchange.interventions import (
    break_trade, close_day, expire_orders, freeze, halt,
)
from actors.exchange.market_data import announce_open
from actors.exchange.order_entry import cancel_deserted
from actors.exchange.order_ports import take_request
from actors.exchange.order_replies import announce
from actors.exchange.venue import Phase, session_at, venue_at
from actors.runtime import handler
from actors.runtime.crash_points import crash_at
from actors.runtime.journal.kernels import claim_record, commit_record
from actors.runtime.journal.layout import RECORD_HEADER
from actors.runtime.native import call_handler, load_i64, store_i64
from schemas.venue import ouch50
from schemas.venue.big_endian import get_raw4

__all__ = ["CRASH_POINTS", "InputType", "apply_input", "carry_out"]


class InputType(IntEnum):
    """Types of the exchange's journal records."""

    DAY = 1
    OPEN = 2
    REQUEST = 3
    FLOW = 4
    BEGIN = 5
    RESUME = 6
    CLOSE = 7
    DESERT = 8
    HALT = 9
    TRADE = 10
    FREEZE = 11
    BUST = 12
    EXPIRE = 13


#: Where the exchange may be made to crash: an input is written down and not carried out; carried
#: out, its answers in the logs, and nothing sent.
CRASH_POINTS = ("input_journaled", "input_carried_out")
_JOURNALED, _CARRIED_OUT = 1, 2

_OPEN, _REQUEST, _FLOW = (np.int64(t) for t in (InputType.OPEN, InputType.REQUEST, InputType.FLOW))
_BEGIN, _RESUME, _CLOSE, _DESERT = (np.int64(t) for t in (
    InputType.BEGIN, InputType.RESUME, InputType.CLOSE, InputType.DESERT))
_HALT, _TRADE, _FREEZE, _BUST, _EXPIRE = (np.int64(t) for t in (
    InputType.HALT, InputType.TRADE, InputType.FREEZE, InputType.BUST, InputType.EXPIRE))
_START_OF_DAY = int(ouch50.EventCode.START_OF_DAY)
_EVENTS_PER_CALL = 256
_ACCOUNT_MASK = np.int64(0xFFFFFFFF)
_TIME_AT, _NUMBER_AT, _MESSAGE_AT = 16, RECORD_HEADER, RECORD_HEADER + 8


@kernel
def carry_out(venue, kind, number, message, length, stamp_ns):
    """Write an input down and carry it out. False if the journal takes nothing more for now: then
    nothing has happened. ``message``: address of ``length`` bytes."""
    record = venue_at(venue)
    payload = claim_record(record.journal, kind, 8 + length, stamp_ns)
    if payload == 0:
        return False
    store_i64(payload, number)
    move_bytes(payload + 8, message, length)
    commit_record(record.journal)
    crash_at(record.vitals, _JOURNALED)
    call_handler(record.apply, venue, payload - RECORD_HEADER)
    crash_at(record.vitals, _CARRIED_OUT)
    return True


@kernel
def _play(venue, now_ns, stamp_ns):
    """What the flow or the recording does at ``now_ns``."""
    venue_at(venue).flow_ns = now_ns
    if venue_at(venue).history != 0:
        if is_seeded(venue):
            run_history(venue, now_ns, stamp_ns, _EVENTS_PER_CALL)
        else:
            seed_history(venue, stamp_ns, _EVENTS_PER_CALL)
    elif is_populated(venue):
        run_flow(venue, now_ns, stamp_ns, _EVENTS_PER_CALL)
    else:
        populate(venue, stamp_ns)


@kernel
def _request(venue, number, message, length, stamp_ns):
    """A client's message. In a replay it has no session: a row that nobody uses stands in."""
    slot = venue_at(venue).request_slot
    if slot == venue_at(venue).spare_slot:
        session_at(venue, slot).account = number & _ACCOUNT_MASK
    take_request(venue, slot, message, length, stamp_ns)


@handler
def apply_input(venue, record):
    """Carries out the journal's record at address ``record``."""
    word = load_i64(record)
    kind, length = (word >> 32) & 0xFFFF, word & 0xFFFFFFFF
    stamp_ns, number = load_i64(record + _TIME_AT), load_i64(record + _NUMBER_AT)
    if kind == _REQUEST:
        _request(venue, number, record + _MESSAGE_AT, length - 8, stamp_ns)
    elif kind == _FLOW:
        _play(venue, number, stamp_ns)
    elif kind == _BEGIN:
        begin_now(venue)
    elif kind == _RESUME:
        put_forward(venue, number)
    elif kind == _DESERT:
        cancel_deserted(venue, number, stamp_ns)
    elif kind == _OPEN:
        announce_open(venue, stamp_ns)
        announce(venue, _START_OF_DAY, stamp_ns)
        venue_at(venue).phase = Phase.OPEN
    elif kind == _CLOSE:
        close_day(venue, stamp_ns)
    elif kind == _EXPIRE:
        expire_orders(venue, number, stamp_ns)
    elif kind == _HALT or kind == _TRADE:
        halt(venue, number, kind == _HALT, get_raw4(record, _MESSAGE_AT), stamp_ns)
    elif kind == _FREEZE:
        freeze(venue, number, stamp_ns)
    elif kind == _BUST:
        break_trade(venue, number, record + _MESSAGE_AT, length - 8, stamp_ns)
    return 0
