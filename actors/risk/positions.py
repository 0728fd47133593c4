"""Positions and profit, in exact integers. Kernels on arrays.

A position keeps its shares, the cost of the open shares, and the cash that all fills moved. Cash and
cost are in 1/10,000 of the currency times shares, so nothing is rounded but the cost of the part of a
position that a fill closes (average-cost method, rounded toward zero); cash is exact, so total profit
always is::

    unrealized = quantity * mark - cost      realized = cash + cost      total = cash + quantity * mark
"""

import numpy as np

from actors.runtime import kernel
from schemas.enums import Side

__all__ = ["POSITION_STATE", "apply_fill", "average_price_e4", "realized_e4", "total_pnl_e4",
           "unrealized_e4"]

#: One a symbol. ``open_*`` are shares of approved orders that may still fill.
POSITION_STATE = np.dtype([
    ("quantity", "i8"), ("cost_e4", "i8"), ("cash_e4", "i8"), ("bought", "i8"), ("sold", "i8"),
    ("open_buy", "i8"), ("open_sell", "i8"), ("bid_e4", "i8"), ("ask_e4", "i8"), ("last_e4", "i8"),
    ("mark_e4", "i8"), ("updated_ns", "i8"), ("dirty", "i8"),
])

_BUY = int(Side.BUY)


@kernel
def apply_fill(position, side, quantity, price_e4, now_ns):
    """Applies a fill of ``quantity`` shares at ``price_e4`` to a POSITION_STATE record."""
    change = quantity if side == _BUY else -quantity
    position.cash_e4 -= change * price_e4
    if side == _BUY:
        position.bought += quantity
    else:
        position.sold += quantity
    held = position.quantity
    if held == 0 or (held > 0) == (change > 0):
        position.cost_e4 += change * price_e4
    elif abs(change) < abs(held):
        closed = abs(change)
        size = abs(held)
        if position.cost_e4 >= 0:
            position.cost_e4 -= position.cost_e4 // size * closed \
                + position.cost_e4 % size * closed // size
        else:
            cost = -position.cost_e4
            position.cost_e4 += cost // size * closed + cost % size * closed // size
    else:
        position.cost_e4 = (held + change) * price_e4
    position.quantity = held + change
    if position.bid_e4 <= 0 or position.ask_e4 <= 0:  # no market to mark it at
        position.mark_e4 = price_e4
    position.updated_ns = now_ns
    position.dirty = 1


@kernel
def average_price_e4(position):
    """Average cost of the open shares, rounded toward zero; 0 if flat."""
    if position.quantity == 0:
        return np.int64(0)
    return abs(position.cost_e4) // abs(position.quantity)


@kernel
def unrealized_e4(position):
    """Profit of the open shares at the mark."""
    return position.quantity * position.mark_e4 - position.cost_e4


@kernel
def realized_e4(position):
    """Profit of what was closed."""
    return position.cash_e4 + position.cost_e4


@kernel
def total_pnl_e4(positions):
    """Profit over all symbols, realized and unrealized, at the marks."""
    total = np.int64(0)
    for i in range(positions.size):
        total += positions[i].cash_e4 + positions[i].quantity * positions[i].mark_e4
    return total
