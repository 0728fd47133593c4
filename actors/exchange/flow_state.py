"""What the synthetic flow remembers: its parameters, each symbol's price, its resting orders."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros
from actors.exchange.flow_config import (MeanReverting, Regime, Shock, SyntheticFlowConfig, Trend,
                                         ZeroIntelligence)
from actors.exchange.random_numbers import uniform

__all__ = ["FLOW", "FLOW_SYMBOL", "Flow", "REGIME", "allocate_flow"]

_NS = 1_000_000_000
_LOWEST_START_E4, _HIGHEST_START_E4 = 1_000_000, 3_000_000

#: What a regime makes of the flow. ``duration_ns`` and ``weight`` are for switching; ``drift`` is
#: the relative change of a symbol's value at an event of it, ``jump`` at the beginning; ``step``,
#: ``shock`` and ``decay`` are as in FLOW; ``emergent``: the value is the middle of the book. The
#: factors hold at the beginning and lose half of their effect every ``recovery_ns``.
REGIME = np.dtype([
    ("duration_ns", "f8"), ("weight", "f8"), ("drift", "f8"), ("step", "f8"), ("shock", "f8"),
    ("decay", "f8"), ("jump", "f8"), ("spread_factor", "f8"), ("depth_factor", "f8"),
    ("recovery_ns", "f8"), ("emergent", "i8"),
])

#: ``gap_ns``: mean time between events, 0 for no flow. ``step`` and ``shock``: standard deviations
#: of the relative change of a symbol's value, and of what is added to its displacement, at an event
#: of the symbol; ``decay``: what remains of the displacement after one. ``target``: how many orders
#: of a symbol rest in the long run. ``populated``: symbols whose book was filled at the start.
#: ``regimes`` is the address of REGIME records, ``regime`` the one in force (-1: none yet) until
#: ``until_ns``, ``markov`` how it is left. ``stress`` is 1 when a shock began, at ``onset_ns``, and
#: falls to 0: what of the two factors is in force.
FLOW = np.dtype([
    ("random", "u8"), ("gap_ns", "f8"), ("next_ns", "i8"), ("next_ref", "i8"), ("populated", "i8"),
    ("n_symbols", "i8"), ("half_spread_ticks", "f8"), ("depth_levels", "i8"),
    ("orders_per_level", "i8"), ("target", "i8"), ("cross_fraction", "f8"), ("step", "f8"),
    ("shock", "f8"), ("decay", "f8"), ("drift", "f8"), ("emergent", "i8"),
    ("regimes", "i8"), ("n_regimes", "i8"), ("regime", "i8"), ("until_ns", "i8"), ("markov", "i8"),
    ("stress", "f8"), ("onset_ns", "i8"), ("spread_factor", "f8"), ("depth_factor", "f8"),
    ("recovery_ns", "f8"),
])

#: ``value_e4`` is where the price belongs; the market quotes around value * (1 + displacement).
#: ``held`` counts the orders in the symbol's slots, whose prices are multiples of ``tick_e4``.
FLOW_SYMBOL = np.dtype([("value_e4", "f8"), ("displacement", "f8"), ("held", "i8"),
                        ("tick_e4", "i8")])


class Flow(NamedTuple):
    """``state``: one FLOW; ``symbols``: FLOW_SYMBOL; ``slots``: int64, for each symbol in turn the
    user references of the orders it has in the book, 0 where a slot is free; ``regimes``: REGIME.
    """

    state: np.ndarray
    symbols: np.ndarray
    slots: np.ndarray
    regimes: np.ndarray


def allocate_flow(config: SyntheticFlowConfig, symbols: tuple[str, ...], prices_e4: dict[str, int],
                  ticks_e4: int | Sequence[int]) -> Flow:
    """A flow at its beginning. A symbol without a price in ``prices_e4`` starts at one drawn from
    the seed, between 100 and 300. ``ticks_e4``: one for all symbols, or each its own."""
    flow = aligned_zeros(1, FLOW)
    state = flow[0]
    target = 2 * config.depth_levels * config.orders_per_level
    state["random"] = config.seed
    state["next_ref"], state["n_symbols"] = 1, len(symbols)
    state["gap_ns"] = _NS / config.rate if config.rate > 0 else 0.0
    state["half_spread_ticks"] = config.spread_ticks / 2
    state["depth_levels"], state["orders_per_level"] = config.depth_levels, config.orders_per_level
    state["target"], state["cross_fraction"] = target, config.cross_fraction
    per_second = max(config.rate / len(symbols), 1e-6)
    state["step"] = config.volatility / math.sqrt(per_second)
    state["shock"], state["decay"] = _straying(config.displacement, config.reversion_ms, per_second)
    state["spread_factor"] = state["depth_factor"] = state["recovery_ns"] = 1.0
    regimes = aligned_zeros(len(config.regimes), REGIME)
    for row, regime in zip(regimes, config.regimes):
        _fill_regime(row, regime, state, per_second)
    state["regimes"], state["n_regimes"] = regimes.ctypes.data, regimes.size
    state["regime"], state["markov"] = -1, config.switching == "markov"
    rows = aligned_zeros(len(symbols), FLOW_SYMBOL)
    ticks = [ticks_e4] * len(symbols) if isinstance(ticks_e4, int) else ticks_e4
    for row, symbol, tick in zip(rows, symbols, ticks, strict=True):
        row["tick_e4"] = tick
        drawn = _LOWEST_START_E4 + uniform(state) * (_HIGHEST_START_E4 - _LOWEST_START_E4)
        row["value_e4"] = prices_e4.get(symbol, round(drawn / tick) * tick)
    return Flow(flow, rows, aligned_zeros(2 * target * len(symbols), np.int64), regimes)


def _straying(displacement: float, reversion_ms: float, per_second: float) -> tuple[float, float]:
    """``shock`` and ``decay`` of an Ornstein-Uhlenbeck process of this deviation and half-life."""
    decay = 0.5 ** (1.0 / (per_second * reversion_ms / 1e3))
    return displacement * math.sqrt(1.0 - decay**2), decay


def _fill_regime(row: np.void, regime: Regime, flow: np.void, per_second: float) -> None:
    row["duration_ns"], row["weight"] = regime.seconds * _NS, regime.weight
    row["spread_factor"] = row["depth_factor"] = row["recovery_ns"] = 1.0
    for field in ("step", "shock", "decay"):
        row[field] = flow[field]
    if isinstance(regime, Trend):
        row["drift"] = regime.drift / per_second
    elif isinstance(regime, MeanReverting):
        row["step"] = 0.0
        row["shock"], row["decay"] = _straying(regime.displacement, regime.reversion_ms, per_second)
    elif isinstance(regime, Shock):
        row["jump"], row["recovery_ns"] = regime.jump, regime.recovery_ms * 1e6
        row["spread_factor"], row["depth_factor"] = regime.spread_factor, regime.depth_factor
    elif isinstance(regime, ZeroIntelligence):
        row["emergent"], row["step"], row["shock"] = 1, 0.0, 0.0
