"""What the synthetic flow remembers: its parameters, each symbol's price, its resting orders."""

import math
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros
from actors.exchange.config import FlowConfig
from actors.exchange.random_numbers import uniform

__all__ = ["FLOW", "FLOW_SYMBOL", "Flow", "allocate_flow"]

_NS = 1_000_000_000
_LOWEST_START_E4, _HIGHEST_START_E4 = 1_000_000, 3_000_000

#: ``gap_ns``: mean time between events, 0 for no flow. ``step`` and ``shock``: standard deviations
#: of the relative change of a symbol's value, and of what is added to its displacement, at an event
#: of the symbol; ``decay``: what remains of the displacement after one. ``target``: how many orders
#: of a symbol rest in the long run. ``populated``: symbols whose book was filled at the start.
FLOW = np.dtype([
    ("random", "u8"), ("gap_ns", "f8"), ("next_ns", "i8"), ("next_ref", "i8"), ("populated", "i8"),
    ("tick_e4", "i8"), ("n_symbols", "i8"), ("half_spread_e4", "f8"), ("depth_levels", "i8"),
    ("orders_per_level", "i8"), ("target", "i8"), ("cross_fraction", "f8"), ("step", "f8"),
    ("shock", "f8"), ("decay", "f8"),
    ("reserved", "i8"),
])

#: ``value_e4`` is where the price belongs; the market quotes around value * (1 + displacement).
#: ``held`` counts the orders in the symbol's slots.
FLOW_SYMBOL = np.dtype([("value_e4", "f8"), ("displacement", "f8"), ("held", "i8"),
                        ("reserved", "i8")])


class Flow(NamedTuple):
    """``state``: one FLOW; ``symbols``: FLOW_SYMBOL; ``slots``: int64, for each symbol in turn the
    user references of the orders it has in the book, 0 where a slot is free."""

    state: np.ndarray
    symbols: np.ndarray
    slots: np.ndarray


def allocate_flow(config: FlowConfig, symbols: tuple[str, ...], prices_e4: dict[str, int],
                  tick_e4: int) -> Flow:
    """A flow at its beginning. A symbol without a price in ``prices_e4`` starts at one drawn from
    the seed, between 100 and 300."""
    flow = aligned_zeros(1, FLOW)
    state, tick = flow[0], tick_e4
    target = 2 * config.depth_levels * config.orders_per_level
    state["random"], state["tick_e4"] = config.seed, tick
    state["next_ref"], state["n_symbols"] = 1, len(symbols)
    state["gap_ns"] = _NS / config.rate if config.rate > 0 else 0.0
    state["half_spread_e4"] = config.spread_ticks * tick / 2
    state["depth_levels"], state["orders_per_level"] = config.depth_levels, config.orders_per_level
    state["target"], state["cross_fraction"] = target, config.cross_fraction
    per_second = max(config.rate / len(symbols), 1e-6)
    state["step"] = config.volatility / math.sqrt(per_second)
    state["decay"] = 0.5 ** (1.0 / (per_second * config.reversion_ms / 1e3))
    state["shock"] = config.displacement * math.sqrt(1.0 - state["decay"] ** 2)
    rows = aligned_zeros(len(symbols), FLOW_SYMBOL)
    for row, symbol in zip(rows, symbols):
        drawn = _LOWEST_START_E4 + uniform(state) * (_HIGHEST_START_E4 - _LOWEST_START_E4)
        row["value_e4"] = prices_e4.get(symbol, round(drawn / tick) * tick)
    return Flow(flow, rows, aligned_zeros(2 * target * len(symbols), np.int64))
