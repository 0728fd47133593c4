"""When the flow, or the recording, has something to do next, and what an outage does to its clock.
Kernels."""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.flow import is_populated
from actors.exchange.flow_recorded import history_at, history_due_ns, waits_for_trader
from actors.exchange.flow_regimes import flow_at
from actors.exchange.venue import venue_at

__all__ = ["due_ns", "put_forward"]

_ASK_AGAIN_NS = 1_000_000_000
_LOGIN_CHECK_NS = 1_000_000


@kernel
def due_ns(venue, now_ns):
    """When there is something to do: at ``now_ns`` or before, or later."""
    if venue_at(venue).history != 0:
        if waits_for_trader(venue):
            return now_ns + _LOGIN_CHECK_NS
        return history_due_ns(venue, now_ns)
    flow = flow_at(venue)
    if flow.gap_ns == 0.0:
        return now_ns + _ASK_AGAIN_NS
    if not is_populated(venue) or flow.next_ns == 0:
        return now_ns
    return flow.next_ns


@kernel
def put_forward(venue, shift_ns):
    """Let everything that is due be due ``shift_ns`` later: the market stood still for so long."""
    flow = flow_at(venue)
    if flow.next_ns != 0:
        flow.next_ns += shift_ns
        flow.until_ns += shift_ns
        if flow.onset_ns > 0:
            flow.onset_ns = max(flow.onset_ns + shift_ns, np.int64(1))
    if venue_at(venue).history != 0 and history_at(venue).base_ns != 0:
        history_at(venue).base_ns += shift_ns
    venue_at(venue).flow_ns += shift_ns
