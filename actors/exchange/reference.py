"""The matching engine once more, slow and obvious: the judge of the kernels.

Plain Python on dicts and lists, written from the description of the calls in
:mod:`actors.exchange.matching` and sharing nothing with it but the vocabulary. It has no event
bound, so nothing ever pauses. Events, statuses and fingerprints are the same to the last bit.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field

from actors.exchange.engine_state import (DEFAULT_MAX_PRICE_E4, DEFAULT_MAX_QUANTITY, MAX_OWNER,
                                          MAX_USER_REF, BookChange, CancelReason, EventKind,
                                          RefuseReason, Status, SymbolState, order_key)
from schemas.enums import OrderType, Side, TimeInForce

__all__ = ["Event", "Listing", "ReferenceEngine", "ReferenceOrder"]

MASK = 2**64 - 1
HASH_SEED = 0x243F6A8885A308D3
HASH_FACTOR = 0x9E3779B97F4A7C15


@dataclass
class Event:
    """As EVENT of :mod:`actors.exchange.engine_state`, field for field."""

    kind: int
    side: int = 0
    book_change: int = 0
    reason: int = 0
    order_type: int = 0
    time_in_force: int = 0
    owner: int = 0
    contra_owner: int = 0
    symbol: int = 0
    quantity: int = 0
    leaves: int = 0
    contra_leaves: int = 0
    tag: int = 0
    number: int = 0
    user_ref: int = 0
    price_e4: int = 0
    time_ns: int = 0
    contra_number: int = 0
    contra_user_ref: int = 0
    match_number: int = 0
    contra_tag: int = 0

    def as_tuple(self) -> tuple[int, ...]:
        """The fields in the order of EVENT."""
        return tuple(int(value) for value in astuple(self))


@dataclass(eq=False)
class ReferenceOrder:
    """An order: incoming, or resting."""

    owner: int
    user_ref: int
    number: int
    symbol: int
    side: int
    price_e4: int
    quantity: int
    executed: int
    tag: int

    def event(self, kind: EventKind, now_ns: int, **fields) -> Event:
        """An event about this order."""
        about = dict(side=self.side, owner=self.owner, symbol=self.symbol, tag=self.tag,
                     number=self.number, user_ref=self.user_ref, price_e4=self.price_e4,
                     leaves=self.quantity, time_ns=now_ns)
        return Event(kind, **about | fields)


@dataclass
class Listing:
    """What a symbol's orders must keep to."""

    tick_e4: int
    max_price_e4: int
    max_quantity: int
    state: SymbolState = SymbolState.TRADING


@dataclass
class ReferenceEngine:
    """Bounds as for :func:`actors.exchange.engine_state.allocate`; ``events`` only grow.

    ``sides``: (symbol, side) to price to the orders there, oldest first.
    """

    symbols: int
    max_orders: int
    max_levels: int
    max_levels_per_side: int
    events: list[Event] = field(default_factory=list)
    listings: dict[int, Listing] = field(default_factory=dict)
    orders: dict[tuple[int, int], ReferenceOrder] = field(default_factory=dict)
    sides: dict[tuple[int, int], dict[int, list[ReferenceOrder]]] = field(default_factory=dict)
    next_number: int = 1
    next_match: int = 1

    def __post_init__(self):
        for symbol in range(self.symbols):
            self.sides[symbol, Side.BUY] = {}
            self.sides[symbol, Side.SELL] = {}

    def list_symbol(self, symbol: int, tick_e4: int = 1, max_price_e4: int = DEFAULT_MAX_PRICE_E4,
                    max_quantity: int = DEFAULT_MAX_QUANTITY) -> None:
        """Let a symbol trade."""
        self.listings[symbol] = Listing(tick_e4, max_price_e4, max_quantity)

    def set_symbol_state(self, symbol: int, state: SymbolState) -> None:
        """Halt a listed symbol, or let it trade again."""
        self.listings[symbol].state = state

    # --- the calls ----------------------------------------------------------------------------

    def submit(self, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
               tag, now_ns) -> Status:
        """Enter an order."""
        order = ReferenceOrder(owner, user_ref, 0, symbol, side, price_e4, quantity, 0, tag)
        terms = {"order_type": order_type, "time_in_force": time_in_force}
        reason = self._refuse(order, **terms)
        if reason:
            self.events.append(order.event(EventKind.REJECTED, now_ns, quantity=quantity, leaves=0,
                                           reason=reason, **terms))
            return Status.REJECTED
        if order_type == OrderType.MARKET:
            order.price_e4 = 0
        order.number = self._take_number()
        self.events.append(order.event(EventKind.ACCEPTED, now_ns, quantity=quantity, **terms))
        self._trade(order, order_type, now_ns)
        if order.quantity and _may_rest(**terms):
            self._rest(order, now_ns, BookChange.ADD)
        elif order.quantity:
            self._cancel_rest(order, now_ns)
        return Status.DONE

    def cancel(self, owner, user_ref, size, now_ns) -> Status:
        """Cancel an order down to ``size`` shares over its chain, 0: entirely."""
        order = self.orders.get((owner, user_ref))
        if order is None:
            return Status.IGNORED
        keep = max(0, size - order.executed) if size > 0 else 0
        if order.quantity <= keep:
            return Status.IGNORED
        self._cancel(order, order.quantity - keep, CancelReason.USER, now_ns)
        return Status.DONE

    def cancel_all(self, owner, symbol, reason, now_ns) -> Status:
        """Cancel the orders of an owner (-1: all) in a symbol (-1: all)."""
        if symbol >= self.symbols:
            return Status.IGNORED
        symbols = range(self.symbols) if symbol < 0 else [symbol]
        chosen = [order for s in symbols for side in (Side.BUY, Side.SELL)
                  for order in self.queue(s, side) if owner in (-1, order.owner)]
        for order in chosen:
            self._cancel(order, order.quantity, reason, now_ns)
        return Status.DONE

    def replace(self, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force, tag,
                now_ns) -> Status:
        """Replace a resting order by a new limit order for what of ``quantity`` is unexecuted."""
        old = self.orders.get((owner, user_ref))
        if old is None or not 0 <= new_user_ref <= MAX_USER_REF:
            return Status.IGNORED
        if (owner, new_user_ref) in self.orders:
            return Status.IGNORED
        terms = {"order_type": OrderType.LIMIT, "time_in_force": time_in_force}
        listing = self.listings[old.symbol]
        new = ReferenceOrder(owner, new_user_ref, 0, old.symbol, old.side, price_e4,
                             quantity - old.executed, old.executed, tag)
        impossible = _refuse_terms(listing, price_e4=price_e4, quantity=quantity, **terms)
        if impossible or quantity <= old.executed:
            why = CancelReason.INVALID_REPLACE if impossible else CancelReason.USER
            self._cancel(old, old.quantity, why, now_ns)
            return Status.CANCELED
        reason = RefuseReason.NONE
        if listing.state == SymbolState.HALTED:
            reason = RefuseReason.HALTED
        elif _may_rest(**terms):
            reason = self._refuse_for_room(new, old)
        if reason:
            self.events.append(new.event(EventKind.REJECTED, now_ns, number=old.number, leaves=0,
                                         quantity=quantity, reason=reason,
                                         contra_user_ref=user_ref, **terms))
            return Status.REJECTED
        self._replace(old, new, now_ns, **terms)
        return Status.DONE

    def _replace(self, old, new, now_ns, order_type, time_in_force) -> None:
        new.number = self._take_number()
        rests_at_once = _may_rest(order_type, time_in_force) and not list(self._fills(new))
        self.events.append(new.event(
            EventKind.REPLACED, now_ns, quantity=new.quantity,
            order_type=order_type, time_in_force=time_in_force,
            book_change=BookChange.NONE if rests_at_once else BookChange.DELETE,
            contra_owner=old.owner, contra_leaves=old.quantity, contra_number=old.number,
            contra_user_ref=old.user_ref, contra_tag=old.tag))
        self._remove(old)
        self._trade(new, order_type, now_ns)
        if rests_at_once:
            self._rest(new, now_ns, BookChange.REPLACE, contra_number=old.number)
        elif new.quantity and _may_rest(order_type, time_in_force):
            self._rest(new, now_ns, BookChange.ADD)
        elif new.quantity:
            self._cancel_rest(new, now_ns)

    # --- what is refused ----------------------------------------------------------------------

    def _refuse(self, order, order_type, time_in_force) -> RefuseReason:
        if not (0 <= order.owner <= MAX_OWNER and 0 <= order.user_ref <= MAX_USER_REF):
            return RefuseReason.BAD_REFERENCE
        listing = self.listings.get(order.symbol)
        if listing is None:
            return RefuseReason.BAD_SYMBOL
        if listing.state == SymbolState.HALTED:
            return RefuseReason.HALTED
        if order.side not in (Side.BUY, Side.SELL):
            return RefuseReason.BAD_SIDE
        reason = _refuse_terms(listing, order_type, time_in_force, order.price_e4, order.quantity)
        if reason:
            return reason
        if (order.owner, order.user_ref) in self.orders:
            return RefuseReason.DUPLICATE_REF
        if _may_rest(order_type, time_in_force):
            return self._refuse_for_room(order, None)
        return RefuseReason.NONE

    def _refuse_for_room(self, order, replaced) -> RefuseReason:
        """Whether what is left of the order after its executions would find no place."""
        side = self.sides[order.symbol, order.side]
        n_levels = sum(len(levels) for levels in self.sides.values())
        if (len(self.orders) < self.max_orders and n_levels < self.max_levels
                and len(side) < self.max_levels_per_side):
            return RefuseReason.NONE
        fills = list(self._fills(order))
        if sum(shares for _, shares in fills) == order.quantity:
            return RefuseReason.NONE
        gone = [maker for maker, shares in fills if shares == maker.quantity] + [replaced]
        left = [o for o in self.orders.values() if o not in gone]
        if len(left) >= self.max_orders:
            return RefuseReason.ORDERS_FULL
        places = {(o.symbol, o.side, o.price_e4) for o in left}
        if (order.symbol, order.side, order.price_e4) in places:
            return RefuseReason.NONE
        on_side = [place for place in places if place[:2] == (order.symbol, order.side)]
        if len(places) >= self.max_levels or len(on_side) >= self.max_levels_per_side:
            return RefuseReason.LEVELS_FULL
        return RefuseReason.NONE

    # --- the book -----------------------------------------------------------------------------

    def prices(self, symbol, side) -> list[int]:
        """The prices of a side, best first."""
        return sorted(self.sides[symbol, side], reverse=side == Side.BUY)

    def queue(self, symbol, side) -> list[ReferenceOrder]:
        """The orders of a side as they would execute."""
        levels = self.sides[symbol, side]
        return [order for price in self.prices(symbol, side) for order in levels[price]]

    def _fills(self, order, any_price=False) -> Iterator[tuple[ReferenceOrder, int]]:
        """Which resting orders the incoming one would execute against, and how much."""
        levels = self.sides[order.symbol, Side.SELL if order.side == Side.BUY else Side.BUY]
        wanted = order.quantity
        best = min if order.side == Side.BUY else max
        left = set(levels)
        while left and wanted:
            price = best(left)
            left.remove(price)
            beyond = price > order.price_e4 if order.side == Side.BUY else price < order.price_e4
            if beyond and not any_price:
                return
            for maker in levels[price]:
                shares = min(wanted, maker.quantity)
                if shares:
                    wanted -= shares
                    yield maker, shares

    def _trade(self, order, order_type, now_ns) -> None:
        for maker, shares in list(self._fills(order, order_type == OrderType.MARKET)):
            order.quantity -= shares
            order.executed += shares
            maker.executed += shares
            self._take_off(maker, shares)
            self.events.append(maker.event(
                EventKind.EXECUTED, now_ns, book_change=BookChange.EXECUTE, quantity=shares,
                match_number=self.next_match, contra_owner=order.owner,
                contra_leaves=order.quantity, contra_number=order.number,
                contra_user_ref=order.user_ref, contra_tag=order.tag))
            self.next_match += 1

    def _rest(self, order, now_ns, change, contra_number=0) -> None:
        self.orders[order.owner, order.user_ref] = order
        self.sides[order.symbol, order.side].setdefault(order.price_e4, []).append(order)
        self.events.append(order.event(EventKind.RESTED, now_ns, book_change=change,
                                       quantity=order.quantity, contra_number=contra_number))

    def _cancel_rest(self, order, now_ns) -> None:
        self.events.append(order.event(EventKind.CANCELED, now_ns, quantity=order.quantity,
                                       leaves=0, reason=CancelReason.IMMEDIATE))

    def _cancel(self, order, shares, reason, now_ns) -> None:
        change = BookChange.DELETE if shares == order.quantity else BookChange.REDUCE
        self._take_off(order, shares)
        self.events.append(order.event(EventKind.CANCELED, now_ns, book_change=change,
                                       quantity=shares, reason=reason))

    def _take_off(self, order, shares) -> None:
        order.quantity -= shares
        if order.quantity == 0:
            self._remove(order)

    def _remove(self, order) -> None:
        del self.orders[order.owner, order.user_ref]
        levels = self.sides[order.symbol, order.side]
        levels[order.price_e4].remove(order)
        if not levels[order.price_e4]:
            del levels[order.price_e4]

    def _take_number(self) -> int:
        self.next_number += 1
        return self.next_number - 1

    def fingerprint(self) -> int:
        """As :func:`actors.exchange.matching.engine_hash`."""
        hashed = HASH_SEED
        for symbol in range(self.symbols):
            for side in (Side.BUY, Side.SELL):
                queue = self.queue(symbol, side)
                if queue:
                    hashed = _mix(hashed, 2 * symbol + side - 1)
                for order in queue:
                    key = order_key(order.owner, order.user_ref)
                    for value in (key, order.number, order.price_e4, order.quantity,
                                  order.executed):
                        hashed = _mix(hashed, value)
        return _mix(_mix(hashed, self.next_number), self.next_match)


def _may_rest(order_type, time_in_force) -> bool:
    return order_type == OrderType.LIMIT and time_in_force == TimeInForce.DAY


def _refuse_terms(listing, order_type, time_in_force, price_e4, quantity) -> RefuseReason:
    if order_type not in (OrderType.LIMIT, OrderType.MARKET):
        return RefuseReason.BAD_ORDER_TYPE
    if time_in_force not in (TimeInForce.DAY, TimeInForce.IOC):
        return RefuseReason.BAD_TIME_IN_FORCE
    if not 1 <= quantity <= listing.max_quantity:
        return RefuseReason.BAD_QUANTITY
    if order_type == OrderType.LIMIT:
        if not 1 <= price_e4 <= listing.max_price_e4 or price_e4 % listing.tick_e4:
            return RefuseReason.BAD_PRICE
    return RefuseReason.NONE


def _mix(hashed: int, value: int) -> int:
    hashed = ((hashed ^ (value & MASK)) * HASH_FACTOR) & MASK
    return hashed ^ (hashed >> 29)
