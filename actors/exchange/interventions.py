"""What the operator may do to the market, and its clock: inputs like those of clients. Kernels.

Each sets ``VENUE.outcome``: 0 if there was nothing to do.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.cancel_freeze import freeze_cancels
from actors.exchange.engine_state import CancelReason, Status
from actors.exchange.market_data import announce_broken, announce_close, announce_end
from actors.exchange.matching_events import state_of
from actors.exchange.matching_sweeps import CLIENTS, Sweep, sweep
from actors.exchange.order_replies import announce, settle
from actors.exchange.ouch42_replies import deliver
from actors.exchange.sequenced_log import message_address
from actors.exchange.trading_states import halt_symbol, resume_symbol
from actors.exchange.venue import Counter, Phase, bump, log_at, venue_at
from schemas.venue import ouch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32

__all__ = ["PARTY_BYTES", "break_trade", "close_day", "expire_orders", "freeze", "halt",
           "next_expiry_s"]

_CLIENTS, _EVERY_SYMBOL, _NO_REQUEST = np.int64(CLIENTS), np.int64(-1), np.int64(0)
_DAY, _EXPIRED, _NO_TIME = np.int64(Sweep.DAY), np.int64(Sweep.EXPIRED), np.int64(0)
_CLOSED, _TIMED_OUT = np.int64(CancelReason.CLOSED), np.int64(CancelReason.EXPIRED)
_END_OF_DAY = np.int64(ouch50.EventCode.END_OF_DAY)
_SYMBOL_MASK = np.int64(0xFFFFFFFF)
#: Of a BUST: reason, stock locate, then of each side that is an account's its owner number, its
#: UserRefNum and its ClOrdID.
_LOCATE_AT, _PARTIES_AT = 1, 3
PARTY_BYTES = 8 + ouch50.CL_ORD_ID_LENGTH


@kernel
def _sweep_clients(venue, which, second, reason, stamp_ns):
    while settle(venue, sweep(venue_at(venue).engine, _CLIENTS, _EVERY_SYMBOL, which, second,
                              reason, stamp_ns), _NO_REQUEST) == Status.EVENTS_FULL:
        pass


@kernel
def halt(venue, symbol, halts, reason, stamp_ns):
    """Halt a symbol, or let it trade; ``reason``: four letters in memory order."""
    done = halt_symbol(venue, symbol, reason, stamp_ns) if halts else \
        resume_symbol(venue, symbol, reason, stamp_ns)
    venue_at(venue).outcome = done


@kernel
def freeze(venue, number, stamp_ns):
    """Let cancels in symbol ``number`` & 2³² - 1 be as the CancelMode above says."""
    venue_at(venue).outcome = freeze_cancels(venue, number & _SYMBOL_MASK, number >> 32, stamp_ns)


@kernel
def break_trade(venue, match_number, message, length, stamp_ns):
    """Publish that a trade is void, and tell the accounts that took part in it."""
    reason, locate = get_u8(message, 0), get_u16(message, _LOCATE_AT)
    announce_broken(venue, locate, match_number, stamp_ns)
    at = np.int64(_PARTIES_AT)
    while at + PARTY_BYTES <= length:
        owner = np.int64(get_u32(message, at))
        to = message_address(log_at(venue, owner))
        deliver(venue, owner, ouch50.put_broken_trade(to, stamp_ns, get_u32(message, at + 4),
                                                      match_number, reason, message + at + 8))
        at += PARTY_BYTES
    bump(venue, Counter.BROKEN_TRADES, 1)
    venue_at(venue).outcome = 1


@kernel
def next_expiry_s(venue):
    """No order expires before this second of the day; 0: none does."""
    return state_of(venue_at(venue).engine).expires_s


@kernel
def expire_orders(venue, second, stamp_ns):
    """Cancel the orders that expire at ``second`` of the day, or did before."""
    bump(venue, Counter.EXPIRIES, 1)
    _sweep_clients(venue, _EXPIRED, second, _TIMED_OUT, stamp_ns)


@kernel
def close_day(venue, stamp_ns):
    """The end of market hours: clients' orders are canceled, but those good till canceled; then of
    the day."""
    announce_close(venue, stamp_ns)
    _sweep_clients(venue, _DAY, _NO_TIME, _CLOSED, stamp_ns)
    announce_end(venue, stamp_ns)
    announce(venue, _END_OF_DAY, stamp_ns)
    venue_at(venue).phase = Phase.CLOSED
    venue_at(venue).outcome = 1
