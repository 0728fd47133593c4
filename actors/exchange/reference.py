"""The matching engine once more, slow and obvious: the judge of the kernels.

Plain Python on dicts and lists, written from the description of the calls in
:mod:`actors.exchange.matching` and sharing nothing with it but the vocabulary. It has no event
bound, so nothing ever pauses. What an order would do is found out by letting it, in a copy. Events,
statuses and fingerprints are the same to the last bit.
"""

import copy
from dataclasses import dataclass, field

from actors.exchange.engine_state import (DEFAULT_MAX_PRICE_E4, DEFAULT_MAX_QUANTITY, MAX_OWNER,
                                          MAX_USER_REF, Attribute, BookChange, CancelReason,
                                          EventKind, RefuseReason, SelfMatch, Status, SymbolState,
                                          order_key)
from actors.exchange.reference_book import ReferenceBook, is_worse, opposite
from actors.exchange.reference_orders import (Event, Listing, ReferenceOrder, may_rest,
                                              refuse_attributes, refuse_terms)
from schemas.enums import OrderType, Side

__all__ = ["ReferenceEngine"]

MASK = 2**64 - 1
HASH_SEED = 0x243F6A8885A308D3
HASH_FACTOR = 0x9E3779B97F4A7C15


@dataclass
class ReferenceEngine(ReferenceBook):
    """Bounds as for :func:`actors.exchange.engine_state.allocate`; ``events`` only grow."""

    max_orders: int
    max_levels: int
    max_levels_per_side: int
    events: list[Event] = field(default_factory=list)
    listings: dict[int, Listing] = field(default_factory=dict)
    self_match: dict[int, SelfMatch] = field(default_factory=dict)
    next_number: int = 1
    next_match: int = 1

    def list_symbol(self, symbol: int, tick_e4: int = 1, max_price_e4: int = DEFAULT_MAX_PRICE_E4,
                    max_quantity: int = DEFAULT_MAX_QUANTITY, collar_bps: int = 0,
                    reference_e4: int = 0) -> None:
        """Let a symbol trade."""
        self.listings[symbol] = Listing(tick_e4, max_price_e4, max_quantity, collar_bps,
                                        reference_e4)

    def set_symbol_state(self, symbol: int, state: SymbolState) -> None:
        """Halt a listed symbol, or let it trade again."""
        self.listings[symbol].state = state

    def set_self_match(self, owner: int, mode: SelfMatch) -> None:
        """What happens when two orders of this owner meet."""
        self.self_match[owner] = mode

    # --- the calls ----------------------------------------------------------------------------

    def submit(self, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
               tag, now_ns) -> Status:
        """Enter a plain order."""
        return self.enter(owner, user_ref, symbol, side, order_type, price_e4, quantity,
                          time_in_force, 0, 0, 0, tag, now_ns)

    def enter(self, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
              attributes, minimum, display, tag, now_ns) -> Status:
        """Enter an order."""
        order = ReferenceOrder(owner, user_ref, 0, symbol, side, price_e4, quantity, 0, tag,
                               attributes, minimum, display)
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
        self._carry_out(order, now_ns, **terms)
        return Status.DONE

    def cancel(self, owner, user_ref, size, now_ns) -> Status:
        """Cancel an order down to ``size`` shares over its chain, 0: entirely."""
        order = self.orders.get((owner, user_ref))
        if order is None:
            return Status.IGNORED
        keep = max(0, size - order.executed) if size > 0 else 0
        if order.leaves <= keep:
            return Status.IGNORED
        self._cancel(order, order.leaves - keep, now_ns, CancelReason.USER)
        return Status.DONE

    def modify(self, owner, user_ref, size, tag, now_ns) -> Status:
        """Another tag, and no more than ``size`` shares over its chain."""
        order = self.orders.get((owner, user_ref))
        if order is None:
            return Status.IGNORED
        order.tag = tag
        keep = max(0, size - order.executed)
        if keep == 0:
            self._cancel(order, order.leaves, now_ns, CancelReason.USER)
        else:
            self._cancel(order, max(order.leaves - keep, 0), now_ns, kind=EventKind.MODIFIED)
        return Status.DONE

    def cancel_all(self, owner, symbol, reason, now_ns) -> Status:
        """Cancel the orders of an owner (-1: all) in a symbol (-1: all)."""
        if symbol >= self.symbols:
            return Status.IGNORED
        symbols = range(self.symbols) if symbol < 0 else [symbol]
        chosen = [order for hidden in (False, True) for s in symbols
                  for side in (Side.BUY, Side.SELL) for order in self.queue(s, side, hidden)
                  if owner in (-1, order.owner)]
        for order in chosen:
            self._cancel(order, order.leaves, now_ns, reason)
        return Status.DONE

    def replace(self, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force, tag,
                now_ns) -> Status:
        """Replace a resting order by a plain one."""
        return self.replace_with(owner, user_ref, new_user_ref, price_e4, quantity, time_in_force,
                                 0, 0, 0, tag, now_ns)

    def replace_with(self, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force,
                     attributes, minimum, display, tag, now_ns) -> Status:
        """Replace a resting order by a new limit order for what of ``quantity`` is unexecuted."""
        old = self.orders.get((owner, user_ref))
        if old is None or not 0 <= new_user_ref <= MAX_USER_REF:
            return Status.IGNORED
        if (owner, new_user_ref) in self.orders:
            return Status.IGNORED
        terms = {"order_type": OrderType.LIMIT, "time_in_force": time_in_force}
        listing = self.listings[old.symbol]
        new = ReferenceOrder(owner, new_user_ref, 0, old.symbol, old.side, price_e4,
                             quantity - old.executed, old.executed, tag, attributes, minimum,
                             display)
        impossible = (
            refuse_terms(listing, price_e4=price_e4, quantity=quantity, **terms)
            or refuse_attributes(quantity=quantity, attributes=attributes, minimum=minimum,
                                 display=display, **terms))
        if impossible or quantity <= old.executed:
            why = CancelReason.INVALID_REPLACE if impossible else CancelReason.USER
            self._cancel(old, old.leaves, now_ns, why)
            return Status.CANCELED
        reason = RefuseReason.NONE
        if listing.state == SymbolState.HALTED:
            reason = RefuseReason.HALTED
        elif listing.is_beyond_collar(old.side, price_e4):
            reason = RefuseReason.COLLAR
        elif may_rest(**terms):
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
        in_one = (may_rest(order_type, time_in_force) and not old.hidden and not new.hidden
                  and not self.meets(new))
        change = BookChange.NONE if in_one or old.hidden else BookChange.DELETE
        self.events.append(new.event(
            EventKind.REPLACED, now_ns, quantity=new.quantity,
            order_type=order_type, time_in_force=time_in_force, book_change=change,
            contra_owner=old.owner, contra_leaves=old.leaves, contra_number=old.number,
            contra_user_ref=old.user_ref, contra_tag=old.tag))
        self.remove(old)
        self._carry_out(new, now_ns, order_type, time_in_force, old.number if in_one else 0)

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
        reason = refuse_terms(listing, order_type, time_in_force, order.price_e4, order.quantity)
        if reason:
            return reason
        if order_type == OrderType.LIMIT and listing.is_beyond_collar(order.side, order.price_e4):
            return RefuseReason.COLLAR
        reason = refuse_attributes(order_type, time_in_force, order.quantity, order.attributes,
                                   order.minimum, order.display)
        if reason:
            return reason
        if (order.owner, order.user_ref) in self.orders:
            return RefuseReason.DUPLICATE_REF
        if may_rest(order_type, time_in_force):
            return self._refuse_for_room(order, None)
        return RefuseReason.NONE

    def _refuse_for_room(self, order, replaced) -> RefuseReason:
        """Whether what is left of the order after its executions would find no place."""
        side = self.sides[order.symbol, order.side, order.hidden]
        if (len(self.orders) < self.max_orders and self.count_levels() < self.max_levels
                and len(side) < self.max_levels_per_side):
            return RefuseReason.NONE
        stage, order = self._rehearse(order)
        if replaced is not None:
            stage.remove(stage.orders[replaced.owner, replaced.user_ref])
        if stage._execute(order, OrderType.LIMIT, 0) or not order.quantity:
            return RefuseReason.NONE
        side = stage.sides[order.symbol, order.side, order.hidden]
        if len(stage.orders) >= self.max_orders:
            return RefuseReason.ORDERS_FULL
        if order.price_e4 in side:
            return RefuseReason.NONE
        if stage.count_levels() >= self.max_levels or len(side) >= self.max_levels_per_side:
            return RefuseReason.LEVELS_FULL
        return RefuseReason.NONE

    def _rehearse(self, order) -> tuple["ReferenceEngine", ReferenceOrder]:
        """A copy of the engine, and one of the order, to try things out with."""
        stage = copy.copy(self)
        stage.events = []
        stage.orders, stage.sides, stage.listings, order = copy.deepcopy(
            (self.orders, self.sides, self.listings, order))
        return stage, order

    # --- the incoming order -------------------------------------------------------------------

    def _carry_out(self, order, now_ns, order_type, time_in_force, replaced_number=0) -> None:
        """Execute an order, and rest or cancel what is left of it."""
        end = self._execute(order, order_type, now_ns)
        if order.quantity == 0:
            return
        if may_rest(order_type, time_in_force) and not end:
            self._rest(order, now_ns, replaced_number)
        else:
            self.events.append(order.event(
                EventKind.CANCELED, now_ns, quantity=order.quantity, leaves=0,
                reason=end or CancelReason.IMMEDIATE))

    def _execute(self, order, order_type, now_ns) -> CancelReason | None:
        """Let an order trade as far as it may. Why the rest of it must be canceled, if it must."""
        if order.attributes & Attribute.POST_ONLY and self.meets(order):
            return CancelReason.POST_ONLY
        market = order_type == OrderType.MARKET
        limit = order.price_e4
        if market:
            limit = self.listings[order.symbol].outermost(order.side)
        minimum = min(order.minimum, order.quantity)
        if minimum:
            stage, twin = self._rehearse(order)
            stage._trade(twin, limit, now_ns)
            if twin.executed - order.executed < minimum:
                return None
        stopped = self._trade(order, limit, now_ns)
        others = self.sides[order.symbol, opposite(order.side), False]
        if market and limit is not None and others and not stopped:
            return CancelReason.COLLAR
        return CancelReason.SELF_MATCH if stopped else None

    def _trade(self, order, limit, now_ns) -> bool:
        """Execute until nothing is left, of the order or of those within its limit (None: all).
        True if an order of its owner ended it."""
        while order.quantity:
            maker = self._first_contra(order, limit)
            if maker is None:
                return False
            mode = self.self_match.get(order.owner, SelfMatch.NONE)
            if maker.owner == order.owner and mode != SelfMatch.NONE:
                if self._prevent(order, maker, mode, now_ns):
                    return True
            else:
                self._fill(order, maker, now_ns)
        return False

    def _first_contra(self, order, limit) -> ReferenceOrder | None:
        """The resting order with priority over all others that the order may execute against."""
        for maker in self.ranked(order):
            if limit is not None and is_worse(order.side, maker.price_e4, limit):
                return None
            if maker.accepts(order.quantity):
                return maker
        return None

    def _prevent(self, order, maker, mode, now_ns) -> bool:
        """Cancel the incoming order, the resting one, or both. True if the incoming one."""
        shares = min(order.quantity, maker.quantity)
        fields = dict(contra_leaves=shares, price_e4=maker.price_e4,
                      reason=CancelReason.SELF_MATCH)
        left = order.quantity
        if mode in (SelfMatch.CANCEL_OLDEST, SelfMatch.CANCEL_BOTH):
            self._cancel(maker, maker.leaves, now_ns, **_contra(order), **fields)
        if mode in (SelfMatch.CANCEL_NEWEST, SelfMatch.CANCEL_BOTH):
            order.quantity = 0
            self.events.append(order.event(EventKind.CANCELED, now_ns, quantity=left,
                                           **_contra(maker), **fields))
            return True
        return False

    def _fill(self, order, maker, now_ns) -> None:
        shares = min(order.quantity, maker.quantity)
        order.quantity -= shares
        order.executed += shares
        maker.executed += shares
        maker.quantity -= shares
        self.listings[order.symbol].reference_e4 = maker.price_e4
        self.events.append(maker.event(
            EventKind.EXECUTED, now_ns, quantity=shares, match_number=self.next_match,
            book_change=BookChange.TRADE if maker.hidden else BookChange.EXECUTE,
            shown=0 if maker.hidden else shares, contra_leaves=order.quantity, **_contra(order)))
        self.next_match += 1
        if maker.quantity == 0:
            self.remove(maker)
            if maker.reserve:
                self._refresh(maker, now_ns)

    def _refresh(self, maker, now_ns) -> None:
        """Display some more of an order, last at its price."""
        number, maker.number = maker.number, self._take_number()
        maker.quantity = min(maker.display, maker.reserve)
        maker.reserve -= maker.quantity
        self.insert(maker)
        self.events.append(maker.event(
            EventKind.REFRESHED, now_ns, book_change=BookChange.ADD, quantity=maker.leaves,
            contra_number=number, shown=maker.quantity))

    def _rest(self, order, now_ns, replaced_number) -> None:
        if 0 < order.display < order.quantity:
            order.reserve = order.quantity - order.display
            order.quantity = order.display
        self.insert(order)
        change = BookChange.REPLACE if replaced_number else BookChange.ADD
        self.events.append(order.event(
            EventKind.RESTED, now_ns, quantity=order.leaves, contra_number=replaced_number,
            book_change=BookChange.NONE if order.hidden else change,
            shown=0 if order.hidden else order.quantity))

    def _cancel(self, order, shares, now_ns, reason=0, kind=EventKind.CANCELED, **fields) -> None:
        """Take shares off a resting order, of its reserve first."""
        waiting = min(shares, order.reserve)
        shown = shares - waiting
        order.reserve -= waiting
        order.quantity -= shown
        change = BookChange.NONE
        if shown and not order.hidden:
            change = BookChange.REDUCE if order.quantity else BookChange.DELETE
        if order.quantity == 0:
            self.remove(order)
        self.events.append(order.event(kind, now_ns, **{
            "book_change": change, "quantity": shares, "reason": reason,
            "shown": shown if change else 0, **fields}))

    def _take_number(self) -> int:
        self.next_number += 1
        return self.next_number - 1

    def fingerprint(self) -> int:
        """As :func:`actors.exchange.matching.engine_hash`."""
        hashed = HASH_SEED
        queues = [self.queue(*place) for place in self.sides]
        for row, queue in enumerate(queues):
            if queue:
                hashed = _mix(hashed, row)
            for order in queue:
                key = order_key(order.owner, order.user_ref)
                for value in (key, order.number, order.price_e4, order.quantity, order.executed):
                    hashed = _mix(hashed, value)
        for order in (order for queue in queues for order in queue if order.bits):
            for value in (order.number, order.bits, order.reserve, order.display, order.minimum):
                hashed = _mix(hashed, value)
        for symbol in range(self.symbols):
            listing = self.listings.get(symbol)
            for value in (listing.state, listing.reference_e4) if listing else (0, 0):
                hashed = _mix(hashed, value)
        return _mix(_mix(hashed, self.next_number), self.next_match)


def _contra(order) -> dict[str, int]:
    return {"contra_owner": order.owner, "contra_number": order.number,
            "contra_user_ref": order.user_ref, "contra_tag": order.tag}


def _mix(hashed: int, value: int) -> int:
    hashed = ((hashed ^ (value & MASK)) * HASH_FACTOR) & MASK
    return hashed ^ (hashed >> 29)
