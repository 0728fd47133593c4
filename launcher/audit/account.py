"""An account as the venue's own messages tell it: orders, fills, positions. Pure.

The messages are OUCH 5.0 responses, decoded, in the order in which the venue sent them. Nothing of
the desk's own code is used to add them up, so that an error there cannot hide itself here.

Source: OUCH 5.0, section 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.enums import Side

__all__ = ["Account", "AccountOrder", "Fill", "Holding", "ORDER_ID_SPAN", "fold_messages", "held",
           "strategy_of"]

#: A client order id is ``strategy * ORDER_ID_SPAN + n``, with n from 1.
ORDER_ID_SPAN = 10**11

_LIVE, _DEAD = "L", "D"
_SIDES = {"B": Side.BUY, "S": Side.SELL, "T": Side.SELL, "E": Side.SELL}


def strategy_of(order_id: int) -> int:
    """The strategy whose order this is: actor number + 1."""
    return order_id // ORDER_ID_SPAN


@dataclass
class AccountOrder:
    """One order of the account. ``state``: working, filled, canceled, replaced or rejected.
    ``executed`` counts its own shares, not those of the orders that it replaced."""

    ref: int
    order_id: int
    symbol: str = ""
    side: int = Side.NONE
    price_e4: int = 0
    quantity: int = 0
    leaves: int = 0
    executed: int = 0
    replaces: int = 0
    state: str = "working"

    @property
    def is_working(self) -> bool:
        return self.state == "working"


@dataclass
class Holding:
    """What fills made of one symbol. ``cost_e4`` is that of the open shares, by average cost; money
    in 1/10,000 of the currency times shares."""

    quantity: int = 0
    bought: int = 0
    sold: int = 0
    cash_e4: int = 0
    cost_e4: int = 0
    fills: int = 0

    def fill(self, side: int, shares: int, price_e4: int) -> None:
        change = shares if side == Side.BUY else -shares
        self.fills += 1
        self.cash_e4 -= change * price_e4
        if side == Side.BUY:
            self.bought += shares
        else:
            self.sold += shares
        held, after = self.quantity, self.quantity + change
        if held * change >= 0:
            self.cost_e4 += change * price_e4
        elif abs(change) < abs(held):  # the closed part goes at average cost, rounded toward zero
            closed = abs(self.cost_e4) * shares // abs(held)
            self.cost_e4 -= closed if self.cost_e4 > 0 else -closed
        else:
            self.cost_e4 = after * price_e4
        self.quantity = after


@dataclass(frozen=True)
class Fill:
    """One execution of an order of the account. ``time_ns``: since the venue's midnight."""

    time_ns: int
    order: AccountOrder
    shares: int
    price_e4: int


def held(fills: Iterable[Fill]) -> defaultdict[str, Holding]:
    """What ``fills``, in their order, made of each symbol."""
    holdings: defaultdict[str, Holding] = defaultdict(Holding)
    for fill in fills:
        holdings[fill.order.symbol].fill(fill.order.side, fill.shares, fill.price_e4)
    return holdings


@dataclass
class Account:
    """Everything the venue said to one account, added up.

    ``orders`` by UserRefNum. ``contradictions`` are things that no sound venue and client could
    have said to each other.
    """

    orders: dict[int, AccountOrder] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    messages: int = 0
    contradictions: list[str] = field(default_factory=list)
    _ids: dict[int, int] = field(default_factory=dict)
    _matches: set[tuple[int, int]] = field(default_factory=set)

    def by_id(self, order_id: int) -> AccountOrder | None:
        """The order with that client order id, the last of them if there were several."""
        ref = self._ids.get(order_id)
        return None if ref is None else self.orders[ref]

    def working(self) -> list[AccountOrder]:
        return [order for order in self.orders.values() if order.is_working]

    # ---- one message --------------------------------------------------------------------------

    def apply(self, message: Mapping[str, Any]) -> None:
        """The next message, as ``ouch50.decode_out`` gives it."""
        self.messages += 1
        kind = message["type"]
        if kind in _APPLY:
            _APPLY[kind](self, message)

    def _begin(self, message: Mapping[str, Any], replaces: int = 0) -> AccountOrder:
        ref, order_id = message["user_ref_num"], _number(message["cl_ord_id"])
        if ref in self.orders and self.orders[ref].state != "rejected":
            self.contradictions.append(f"the venue took reference number {ref} twice")
        before = self.by_id(order_id)
        if before is not None and before.state != "rejected":
            self.contradictions.append(f"order {order_id} is at the venue twice: as reference "
                                       f"numbers {before.ref} and {ref}")
        quantity = message["quantity"]
        order = AccountOrder(ref, order_id, message["symbol"], _SIDES[message["side"]],
                             message["price"], quantity, quantity, 0, replaces)
        self.orders[ref], self._ids[order_id] = order, ref
        if message["order_state"] == _DEAD:
            order.leaves, order.state = 0, "canceled"
        return order

    def _accepted(self, message: Mapping[str, Any]) -> None:
        self._begin(message)

    def _replaced(self, message: Mapping[str, Any]) -> None:
        original = message["orig_user_ref_num"]
        old = self._known(original, "replaced")
        if old is not None:
            old.leaves, old.state = 0, "replaced"
        self._begin(message, original)

    def _rejected(self, message: Mapping[str, Any]) -> None:
        ref, order_id = message["user_ref_num"], _number(message["cl_ord_id"])
        if ref in self.orders:
            return  # of a number that is in use: it says nothing of that order
        self.orders[ref] = AccountOrder(ref, order_id, state="rejected")
        self._ids.setdefault(order_id, ref)

    def _executed(self, message: Mapping[str, Any]) -> None:
        order = self._known(message["user_ref_num"], "executed")
        if order is None:
            return
        match = (message["match_number"], order.ref)
        if match in self._matches:
            self.contradictions.append(f"match {match[0]} of order {order.order_id} came twice")
        self._matches.add(match)
        shares, price_e4 = message["quantity"], message["price"]
        order.executed += shares
        self._reduce(order, shares, "filled")
        self.fills.append(Fill(message["timestamp"], order, shares, price_e4))

    def _canceled(self, message: Mapping[str, Any]) -> None:
        order = self._known(message["user_ref_num"], "canceled")
        if order is not None:
            self._reduce(order, message["quantity"], "canceled")

    def _prevented(self, message: Mapping[str, Any]) -> None:
        order = self._known(message["user_ref_num"], "canceled")
        if order is not None:
            self._reduce(order, message["decrement_shares"], "canceled")

    def _modified(self, message: Mapping[str, Any]) -> None:
        order = self._known(message["user_ref_num"], "modified")
        if order is not None:
            self._reduce(order, order.leaves - message["quantity"], "canceled")

    def _broken(self, message: Mapping[str, Any]) -> None:
        self.contradictions.append(f"the venue broke trade {message['match_number']}: positions "
                                   f"have to be corrected by hand")

    def _reduce(self, order: AccountOrder, shares: int, end: str) -> None:
        order.leaves -= shares
        if order.leaves < 0:
            self.contradictions.append(f"order {order.order_id}: {-order.leaves} shares more "
                                       f"{end} than were open")
            order.leaves = 0
        if order.leaves == 0 and order.is_working:
            order.state = end

    def _known(self, ref: int, what: str) -> AccountOrder | None:
        order = self.orders.get(ref)
        if order is None:
            self.contradictions.append(f"reference number {ref} was {what} and never accepted")
        return order


_APPLY = {"A": Account._accepted, "U": Account._replaced, "J": Account._rejected,
          "E": Account._executed, "C": Account._canceled, "D": Account._prevented,
          "M": Account._modified, "B": Account._broken}


def _number(cl_ord_id: str) -> int:
    """A client order id as the gateway writes them: digits. Others are not the gateway's."""
    return int(cl_ord_id) if cl_ord_id.strip().isdigit() else 0


def fold_messages(messages: Iterable[Mapping[str, Any]]) -> Account:
    """The account after ``messages``."""
    account = Account()
    for message in messages:
        account.apply(message)
    return account
