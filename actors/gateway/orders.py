"""The order table: slots by reference number, found by order id, reused when their order is over.

An order's slot is its reference number modulo the table's size. Numbers only grow, so a slot comes
round again after as many orders as there are slots; one that is still live is passed over, its
number left out. An order that is over stays readable until then: a late cancel is told what became
of it, and its id cannot be used again.
"""

from actors.book.order_map import get_in, put_in, take_from
from actors.gateway.state import (
    gateway_of, index_entries, index_header, order_at, order_count,
)
from actors.runtime import kernel
from schemas.enums import OrderStatus

__all__ = ["LIVE", "NO_REF", "close_order", "find_order", "forget_answer", "is_live",
           "is_unanswered", "known_order", "take_ref"]

#: In place of a reference number where there is none; UserRefNum starts at 1.
NO_REF = 0

#: The venue may still trade such orders.
LIVE = (OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.UNKNOWN)

_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_NEW = int(OrderStatus.NEW)
_PARTIALLY_FILLED = int(OrderStatus.PARTIALLY_FILLED)
_UNKNOWN = int(OrderStatus.UNKNOWN)


@kernel
def is_live(order):
    """Whether the venue may still trade this order."""
    status = order.status
    return status == _NEW or status == _PARTIALLY_FILLED or status == _PENDING_NEW \
        or status == _UNKNOWN


@kernel
def is_unanswered(order):
    """Whether the venue has said neither yes nor no to this order yet."""
    return order.status == _PENDING_NEW or order.status == _UNKNOWN


@kernel
def find_order(ctx, order_id):
    """The reference number of an order by its id, or NO_REF."""
    slot = get_in(index_header(ctx), index_entries(ctx), order_id)
    return order_at(ctx, slot).ref if slot >= 0 else NO_REF


@kernel
def known_order(ctx, ref):
    """Whether the slot of ``ref`` still holds that order."""
    return ref != NO_REF and order_at(ctx, ref).ref == ref


@kernel
def take_ref(ctx, order_id):
    """The next usable reference number; its slot is free, and found by ``order_id``. NO_REF if all
    slots hold live orders."""
    gateway = gateway_of(ctx)
    rows = order_count(ctx)
    if gateway.live >= rows:
        return NO_REF
    while is_live(order_at(ctx, gateway.next_ref)):
        gateway.next_ref += 1
    ref = gateway.next_ref
    gateway.next_ref += 1
    header, entries, slot = index_header(ctx), index_entries(ctx), ref & (rows - 1)
    before = order_at(ctx, ref).order_id
    if before != 0 and get_in(header, entries, before) == slot:
        take_from(header, entries, before)
    put_in(header, entries, order_id, slot)
    return ref


@kernel
def forget_answer(ctx, order):
    """Notes that the venue answered, or never will; the status changes next."""
    if is_unanswered(order):
        gateway_of(ctx).unanswered -= 1


@kernel
def close_order(ctx, order, status):
    """The order is over: ``status`` is what became of it."""
    forget_answer(ctx, order)
    order.status = status
    order.pending = 0
    order.leaves = 0
    gateway_of(ctx).live -= 1
