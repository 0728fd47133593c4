"""What an account may do: which symbols, how many orders a second, and what becomes of its orders
when it is gone.

The throttle is a token bucket that holds a second's worth, written as the generic cell rate
algorithm (ITU-T I.371): an order costs ``order_gap_ns``, and an account may be ``order_burst_ns``
ahead of the time at which it had paid for all.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from actors.book.memory import kernel
from actors.exchange.session_state import SessionKind
from actors.exchange.venue import (
    Counter, Venue, access_at, account_at, bump, session_at, venue_at,
)
from actors.runtime.native import load_u8

if TYPE_CHECKING:  # or an edit of the config's would compile every kernel anew
    from actors.exchange.config import AccountConfig

__all__ = ["apply_accounts", "count_in", "count_out", "desert_absent", "may_send", "may_trade",
           "next_deserted"]

_NS = 1_000_000_000
_HALF_A_DAY_NS = 43_200 * _NS
_MARKET_DATA = int(SessionKind.MARKET_DATA)


def apply_accounts(venue: Venue, accounts: tuple[AccountConfig, ...],
                   symbols: tuple[str, ...]) -> np.ndarray:
    """Enters what the config says of the accounts, for each protocol they may speak. Returns the
    memory of the allowed symbols, uint8 (accounts, symbols), to be kept alive. ValueError names a
    symbol that is none."""
    allowed = np.zeros((venue.access.size, len(symbols)), np.uint8)
    for row, permits, account in zip(venue.access, allowed, itertools.cycle(accounts)):
        row["cancels_then"] = account.cancel_on_disconnect
        if account.max_orders_per_second is not None:
            gap_ns = max(int(_NS / account.max_orders_per_second), 1)
            row["order_gap_ns"], row["order_burst_ns"] = gap_ns, max(_NS - gap_ns, 0)
        if account.symbols is None:
            continue
        for symbol in account.symbols:
            if symbol not in symbols:
                raise ValueError(f"account {account.username} may trade {symbol}, which is not "
                                 f"among the topology's symbols {', '.join(symbols)}")
            permits[symbols.index(symbol)] = 1
        row["allowed"] = permits.ctypes.data
    return allowed


# --- kernels ----------------------------------------------------------------------------------


@kernel
def may_trade(venue, account, symbol):
    """Whether the account may enter orders in the symbol with this number."""
    allowed = access_at(venue, account).allowed
    return allowed == 0 or load_u8(allowed + np.int64(symbol)) != 0


@kernel
def may_send(venue, account, stamp_ns):
    """Whether the account may send an order now, at ``stamp_ns`` since midnight; if so, it has."""
    row, access = account_at(venue, account), access_at(venue, account)
    if access.order_gap_ns == 0:
        return True
    ahead_ns = row.order_due_ns - stamp_ns
    if ahead_ns > access.order_burst_ns and ahead_ns < _HALF_A_DAY_NS:  # else midnight has passed
        bump(venue, Counter.THROTTLED, 1)
        return False
    if ahead_ns < 0 or ahead_ns >= _HALF_A_DAY_NS:
        row.order_due_ns = stamp_ns
    row.order_due_ns += access.order_gap_ns
    return True


@kernel
def count_in(venue, slot):
    """A session begins."""
    session = session_at(venue, slot)
    if session.kind != _MARKET_DATA:
        access_at(venue, session.account).sessions += 1


@kernel
def count_out(venue, slot):
    """A session ends; if it was its account's last, the account is deserted."""
    session = session_at(venue, slot)
    if session.kind != _MARKET_DATA:
        row = access_at(venue, session.account)
        row.sessions -= 1
        if row.sessions == 0 and row.cancels_then != 0:
            row.deserted = 1
            venue_at(venue).deserted = 1


@kernel
def desert_absent(venue):
    """The time after a recovery is over in which accounts could come back: those that want their
    orders canceled with their last session, and have none, are deserted."""
    venue_at(venue).grace_ns = 0
    for account in range(venue_at(venue).n_logs - 1):
        row = access_at(venue, account)
        if row.cancels_then != 0 and row.sessions == 0:
            row.deserted = 1
            venue_at(venue).deserted = 1


@kernel
def next_deserted(venue):
    """The first account that is deserted, or -1."""
    for account in range(venue_at(venue).n_logs - 1):
        if access_at(venue, account).deserted:
            return np.int64(account)
    return np.int64(-1)
