"""Kernels that hold snapshots back for consumers whose wires would drop them for want of room."""

from actors.feed.state import feed_of
from actors.runtime import Overflow, context, kernel
from actors.runtime.wire import in_flight, is_up, out_port, out_wire, wire_page

__all__ = ["wait_for_room"]

_LATEST = int(Overflow.LATEST)
_BLOCK = int(Overflow.BLOCK)


@kernel
def _has_room(ctx, port_index, messages):
    """Whether no wire that drops what it has no room for would do so now."""
    port = out_port(context(ctx).ports[port_index])
    for i in range(port.n_wires):
        wire = out_wire(port.wires[i])
        if wire.overflow != _LATEST and wire.overflow != _BLOCK:
            page = wire_page(wire.page)
            if is_up(wire, page) and in_flight(wire, page) + messages > wire.capacity:
                return False
    return True


@kernel
def wait_for_room(ctx, port_index, until_ns, messages):
    """Whether to send a piece of a snapshot later: until when at most (0: nobody is waited for, as
    at the beginning of a round), and whether to wait now. A consumer that makes no room for too
    long is not waited for again in this round: the others need theirs."""
    now_ns = context(ctx).now_ns
    if _has_room(ctx, port_index, messages):
        return 0 if now_ns < until_ns else until_ns, False
    if until_ns == 0:
        until_ns = now_ns + feed_of(ctx).patience_ns
    return until_ns, now_ns < until_ns
