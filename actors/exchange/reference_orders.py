"""What the reference engine speaks of: events, orders, listings; and what makes no order."""

from dataclasses import astuple, dataclass

from actors.exchange.engine_state import BPS, Attribute, EventKind, RefuseReason, SymbolState
from schemas.enums import OrderType, Side, TimeInForce

__all__ = ["Event", "Listing", "ReferenceOrder", "may_rest", "refuse_attributes", "refuse_terms"]


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
    shown: int = 0

    def as_tuple(self) -> tuple[int, ...]:
        """The fields in the order of EVENT."""
        return tuple(int(value) for value in astuple(self))


@dataclass(eq=False)
class ReferenceOrder:
    """An order: incoming, or resting. ``quantity`` can execute now, ``reserve`` later."""

    owner: int
    user_ref: int
    number: int
    symbol: int
    side: int
    price_e4: int
    quantity: int
    executed: int
    tag: int
    attributes: int = 0
    minimum: int = 0
    display: int = 0
    reserve: int = 0

    @property
    def leaves(self) -> int:
        return self.quantity + self.reserve

    @property
    def hidden(self) -> bool:
        return bool(self.attributes & Attribute.HIDDEN)

    @property
    def bits(self) -> int:
        """The attributes that the engine keeps with a resting order."""
        return (self.attributes | (Attribute.RESERVE if self.reserve else 0)
                | (Attribute.MINIMUM if self.minimum else 0))

    def event(self, kind: EventKind, now_ns: int, **fields) -> Event:
        """An event about this order."""
        about = dict(side=self.side, owner=self.owner, symbol=self.symbol, tag=self.tag,
                     number=self.number, user_ref=self.user_ref, price_e4=self.price_e4,
                     leaves=self.leaves, time_ns=now_ns)
        return Event(kind, **about | fields)

    def accepts(self, quantity: int) -> bool:
        """Whether it executes, at rest, against an order that has ``quantity`` left."""
        return quantity >= min(self.minimum, self.quantity)


@dataclass
class Listing:
    """What a symbol's orders must keep to."""

    tick_e4: int
    max_price_e4: int
    max_quantity: int
    collar_bps: int
    reference_e4: int
    state: SymbolState = SymbolState.TRADING

    def outermost(self, side: int) -> int | None:
        """The most aggressive price that the collar leaves to a side, None without a collar."""
        if self.collar_bps == 0 or self.reference_e4 == 0:
            return None
        width = self.reference_e4 * self.collar_bps // BPS
        return self.reference_e4 + (width if side == Side.BUY else -width)

    def is_beyond_collar(self, side: int, price_e4: int) -> bool:
        outermost = self.outermost(side)
        if outermost is None:
            return False
        return price_e4 > outermost if side == Side.BUY else price_e4 < outermost


def may_rest(order_type, time_in_force) -> bool:
    """Whether what is left of such an order goes into the book."""
    return order_type == OrderType.LIMIT and time_in_force == TimeInForce.DAY


def refuse_terms(listing, order_type, time_in_force, price_e4, quantity) -> RefuseReason:
    """Why a symbol does not trade on these terms."""
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


def refuse_attributes(order_type, time_in_force, quantity, attributes, minimum,
                      display) -> RefuseReason:
    """Why an order cannot be like this."""
    rests = may_rest(order_type, time_in_force)
    hidden = bool(attributes & Attribute.HIDDEN)
    if attributes & ~(Attribute.HIDDEN | Attribute.POST_ONLY | Attribute.GTC):
        return RefuseReason.BAD_ATTRIBUTES
    if attributes & (Attribute.POST_ONLY | Attribute.GTC) and not rests:
        return RefuseReason.BAD_ATTRIBUTES
    if not 0 <= minimum <= quantity or (minimum and rests and not hidden):
        return RefuseReason.BAD_MINIMUM
    if display < 0 or (display and (hidden or not rests)):
        return RefuseReason.BAD_DISPLAY
    return RefuseReason.NONE
