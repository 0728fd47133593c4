"""What a gateway makes of the tables that an incarnation before it left in shared memory.

It may have died between any two instructions. An order that was being changed, or that contradicts
itself, is not trusted: one the venue may have becomes UNKNOWN, to be cancelled at the next login
and settled by what the venue says; one that cannot be told from noise is dropped. Both are said
aloud.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from actors.book.order_map import map_put
from actors.gateway.checks import MAX_ORDER_ID, MAX_QUANTITY
from schemas.enums import Command, OrderStatus, Side

__all__ = ["LIVE", "Recovered", "recover", "reset"]

LIVE = (OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.UNKNOWN)
_KNOWN = (OrderStatus.NONE, *LIVE, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REPLACED,
          OrderStatus.REJECTED)
_MAX_REF = 2**32 - 1  # UserRefNum is four bytes
_UNANSWERED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN)


@dataclass
class Recovered:
    """How many orders are live, and what was found wrong: order ids made UNKNOWN, slots dropped."""

    live: int = 0
    doubtful: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)


def reset(tables) -> None:
    """Nothing came before: the first reference number is 1."""
    tables["gateway"][...] = 0
    tables["gateway"][0]["next_ref"] = 1
    tables["gateway"][0]["oldest_ref"] = 1
    tables["orders"][...] = 0


def recover(tables, order_map, symbols: int) -> Recovered:
    """Makes the tables whole again and rebuilds ``order_map`` from them.

    ``tables``: the arrays of the actor by name; ``symbols``: how many symbols there are.
    """
    orders, gateway = tables["orders"], tables["gateway"][0]
    found = Recovered()
    used = orders["ref"] != 0
    sane = used & _consistent(orders, symbols)
    for slot in np.flatnonzero((orders["version"] & 1 == 1) | (used & ~sane)):
        _distrust(orders, int(slot), bool(sane[slot]), found)
    _let_go_of_lost_halves(orders)
    for slot in np.flatnonzero(orders["ref"] != 0):
        map_put(order_map, int(orders["order_id"][slot]), int(slot))
    live = np.isin(orders["status"], LIVE)
    found.live = int(live.sum())
    gateway["live"] = found.live
    gateway["unanswered"] = int(np.isin(orders["status"], _UNANSWERED).sum())
    gateway["next_ref"] = max(int(gateway["next_ref"]), int(orders["ref"].max()) + 1, 1)
    gateway["oldest_ref"] = max(1, int(gateway["next_ref"]) - len(orders))
    gateway["report_seq"] = max(int(gateway["report_seq"]), int(orders["report_seq"].max()))
    gateway["logins"], gateway["accepting"], gateway["reported"] = -1, 0, 0
    return found


def _consistent(orders: np.ndarray, symbols: int) -> np.ndarray:
    """Which records could be orders."""
    slots = np.arange(len(orders))
    right = (orders["ref"] > 0) & (orders["ref"] <= _MAX_REF)
    right &= orders["ref"] & (len(orders) - 1) == slots
    right &= np.isin(orders["status"], _KNOWN) & (orders["status"] != OrderStatus.NONE)
    right &= (orders["order_id"] >= 1) & (orders["order_id"] <= MAX_ORDER_ID)
    right &= np.isin(orders["side"], (Side.BUY, Side.SELL))
    right &= (orders["symbol_id"] >= 0) & (orders["symbol_id"] < symbols)
    right &= (orders["leaves"] >= 0) & (orders["leaves"] <= MAX_QUANTITY) & (orders["cum"] >= 0)
    return right


def _distrust(orders: np.ndarray, slot: int, sane: bool, found: Recovered) -> None:
    order = orders[slot]
    if not sane:
        orders[slot] = np.zeros((), orders.dtype)
        found.dropped.append(slot)
        return
    order["version"] = (int(order["version"]) | 1) + 1
    if order["status"] in LIVE:
        order["status"], order["pending"] = OrderStatus.UNKNOWN, Command.CANCEL
        order["cancel_due"] = 1
    found.doubtful.append(int(order["order_id"]))


def _let_go_of_lost_halves(orders: np.ndarray) -> None:
    """An order whose replacement is not in the table, or over, is not waiting for it."""
    mask = len(orders) - 1
    for slot in np.flatnonzero(orders["pending"] == Command.REPLACE):
        replacement = orders[int(orders["replaced_by"][slot]) & mask]
        if replacement["ref"] != orders["replaced_by"][slot] \
                or replacement["status"] not in _UNANSWERED:
            orders["pending"][slot] = 0
