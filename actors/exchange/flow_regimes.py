"""The regimes of the synthetic flow: which is in force, and what is left of a shock. Kernels.

A regime changes between two events, by the times at which events are due, so that what the flow
does does not depend on when it was asked to.
"""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.exchange.flow_state import FLOW, FLOW_SYMBOL, REGIME
from actors.exchange.random_numbers import below, exponential, uniform
from actors.exchange.venue import Counter, bump, venue_at

__all__ = ["flow_at", "keep_regime", "stressed", "symbol_row"]

_CALM = 0.01  # stress below this is none


@kernel
def flow_at(venue):
    """The FLOW record."""
    return record_at(venue_at(venue).flow, 0, FLOW)


@kernel
def symbol_row(venue, symbol):
    """The FLOW_SYMBOL record of a symbol."""
    return record_at(venue_at(venue).flow_symbols, symbol, FLOW_SYMBOL)


@kernel
def stressed(flow, factor):
    """What a factor of a shock comes to now: 1 when the market is calm."""
    return 1.0 + (factor - 1.0) * flow.stress


@kernel
def _following(flow):
    """The regime after the one in force: the next of the list, or another drawn by weight."""
    if not flow.markov or flow.regime < 0 or flow.n_regimes < 2:
        return (flow.regime + 1) % flow.n_regimes
    total = 0.0
    for n in range(flow.n_regimes):
        if n != flow.regime:
            total += record_at(flow.regimes, n, REGIME).weight
    drawn = uniform(flow) * total
    last = np.int64(0)
    for n in range(flow.n_regimes):
        if n != flow.regime:
            last = np.int64(n)
            drawn -= record_at(flow.regimes, last, REGIME).weight
            if drawn < 0.0:
                break
    return last


@kernel
def _begin(venue, flow, n):
    regime = record_at(flow.regimes, n, REGIME)
    flow.regime = n
    lasts = regime.duration_ns
    if flow.markov:
        lasts *= exponential(flow)
    flow.until_ns = flow.next_ns + np.int64(lasts)
    flow.drift = regime.drift
    flow.step = regime.step
    flow.shock = regime.shock
    flow.decay = regime.decay
    flow.emergent = regime.emergent
    if regime.jump > 0.0 or regime.spread_factor > 1.0 or regime.depth_factor < 1.0:
        flow.onset_ns = flow.next_ns
        flow.spread_factor = regime.spread_factor
        flow.depth_factor = regime.depth_factor
        flow.recovery_ns = regime.recovery_ns
        for symbol in range(flow.n_symbols):
            up = below(flow, np.int64(2)) == 0
            row = symbol_row(venue, symbol)
            row.value_e4 *= 1.0 + regime.jump if up else 1.0 - regime.jump
    bump(venue, Counter.REGIME_CHANGES, 1)


@kernel
def keep_regime(venue):
    """Before an event that is due at ``FLOW.next_ns``: change the regime if it is time to, and let
    a shock wear off."""
    flow = flow_at(venue)
    if flow.n_regimes == 0:
        return
    if flow.regime < 0 or flow.next_ns >= flow.until_ns:
        _begin(venue, flow, _following(flow))
    if flow.onset_ns > 0:
        flow.stress = 0.5 ** ((flow.next_ns - flow.onset_ns) / flow.recovery_ns)
        if flow.stress < _CALM:
            flow.stress = 0.0
            flow.onset_ns = 0
