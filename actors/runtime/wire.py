"""Wires, compiled: claim, commit and abort on an output port; take and release on an input wire.

A message is built in the memory that libzmq will hand over, and read where libzmq delivered it; on
``shm`` wires it is copied once, into a ring (:mod:`actors.runtime.ring`), and read there. The
handler never knows the transport. Credit: a producer counts what it published, the consumer
what it took, both in the wire's page in shared memory; the difference may not exceed the wire's
capacity.

Addresses (int64) of :mod:`actors.runtime.layout` records come in; nothing is allocated here but the
message itself (one ``malloc`` inside libzmq), and not even that if all wires of a port are ``shm``.
"""

import numpy as np

from actors.runtime.clock import now_ns
from actors.runtime.enums import Overflow
from actors.runtime.layout import CTX, IN_WIRE, OUT_PORT, OUT_WIRE, WIRE_PAGE
from actors.runtime.native import (
    kernel, load_acquire, load_i64, load_u32, memcpy, memset, store_i64, store_release,
    zmq_msg_close, zmq_msg_copy, zmq_msg_data, zmq_msg_init, zmq_msg_init_size, zmq_msg_recv,
    zmq_msg_send, zmq_msg_size,
)
from actors.runtime.ring import free_slot, next_message, push
from actors.runtime.records import context, in_wire, message_header, out_port, out_wire, wire_page
from actors.runtime.tap_ring import write_tap
from schemas.messages import PREFIX_SIZE

__all__ = ["abort", "adopt_producer", "claim", "commit", "discard", "flush", "has_room", "release",
           "request_replay", "request_resync", "replay_from", "take", "waiting_at"]

_DONTWAIT = 1
_REFUSALS_PER_TAKE = 64  # strangers may flood a wire; the reactor has other work too

_BLOCK = int(Overflow.BLOCK)
_LATEST = int(Overflow.LATEST)
_FAIL = int(Overflow.FAIL)

_ZMSG_OUT_WIRE = OUT_WIRE.fields["zmsg"][1]
_ZMSG_OUT_PORT = OUT_PORT.fields["zmsg"][1]
_TAP = OUT_PORT.fields["tap"][1]
_ZMSG_IN_WIRE = IN_WIRE.fields["zmsg"][1]
_PUBLISHED = WIRE_PAGE.fields["published"][1]
_HANDLED = WIRE_PAGE.fields["handled"][1]
_C_EPOCH = WIRE_PAGE.fields["c_epoch"][1]
_P_EPOCH = WIRE_PAGE.fields["p_epoch"][1]
_ACCEPTED = WIRE_PAGE.fields["accepted"][1]
_SCRATCH = CTX.fields["scratch0"][1]
_RESUME_FROM = WIRE_PAGE.fields["resume_from"][1]
_PENDING_EPOCH = OUT_WIRE.fields["pending_epoch"][1]
_SAMPLE = IN_WIRE.fields["sample"][1]


# ---- producer ------------------------------------------------------------------------------------

@kernel
def is_up(wire, page):
    """Whether the consumer this wire is connected to is still the one that lives."""
    return wire.c_epoch != 0 and wire.c_epoch == load_acquire(wire.page + _C_EPOCH) \
        and page.c_closed == 0


@kernel
def in_flight(wire, page):
    """Messages handed to the transport that no consumer has taken and no crash has lost."""
    taken = load_acquire(wire.page + _HANDLED) + page.stale + page.left
    return page.published - taken - page.p_lost - page.c_lost


@kernel
def has_room(wire_address, messages):
    """Whether ``messages`` more may be committed to this wire now. An empty wire always has room,
    or a burst above the capacity would wait for ever."""
    wire = out_wire(wire_address)
    page = wire_page(wire.page)
    if page.c_closed != 0:
        return True  # they are dropped and counted: the consumer ended for good
    if not is_up(wire, page):
        return False
    ahead = in_flight(wire, page)
    return ahead <= 0 or ahead + messages <= wire.capacity


@kernel
def claim(ctx, port_index):
    """Starts a message on output port ``port_index``.

    Returns the address to build it at, prefix written and body zeroed, to be passed to
    :func:`commit` or :func:`abort`; or 0 if a wire with overflow ``fail`` has no room, or no
    consumer: nothing was sent and the caller must deal with it.
    """
    port_address = context(ctx).ports[port_index]
    port = out_port(port_address)
    for i in range(port.n_wires):
        wire = out_wire(port.wires[i])
        if wire.overflow == _FAIL:
            page = wire_page(wire.page)
            if not is_up(wire, page) or in_flight(wire, page) >= wire.capacity:
                page.failed += 1
                return 0
    zmsg = port_address + _ZMSG_OUT_PORT
    if port.claimed != 0:
        abort(ctx, port_index)  # the handler has forgotten its last claim
    message = port.scratch
    if message == 0:
        if zmq_msg_init_size(zmsg, port.size) != 0:
            return 0
        message = zmq_msg_data(zmsg)
    store_i64(message, port.prefix0)
    store_i64(message + 8, port.prefix1)
    store_i64(message + 16, port.prefix2)
    memset(message + PREFIX_SIZE, 0, port.size - PREFIX_SIZE)
    port.claimed = message
    return message


@kernel
def abort(ctx, port_index):
    """Gives a claimed message back; nothing was sent."""
    port_address = context(ctx).ports[port_index]
    port = out_port(port_address)
    if port.claimed != 0:
        port.claimed = 0
        if port.scratch == 0:
            zmq_msg_close(port_address + _ZMSG_OUT_PORT)


@kernel
def commit(ctx, port_index):
    """Completes the claimed message's header and sends it on every wire of the port.

    What a wire without room or consumer does is its overflow policy's business; each outcome is
    counted in the wire's page. Does nothing if nothing is claimed.

    Who taps the port sees the message now, whatever becomes of it: after it was sent its memory is
    the consumer's.
    """
    actor = context(ctx)
    port_address = actor.ports[port_index]
    port = out_port(port_address)
    message = port.claimed
    if message == 0:
        return
    port.seq += 1
    header = message_header(message)
    header.seq = port.seq
    header.sent_ns = now_ns(ctx + _SCRATCH)
    header.cause = actor.cause
    header.epoch = actor.epoch
    header.port = port.port_id
    port.claimed = 0
    tap = load_acquire(port_address + _TAP)
    if tap != 0:
        write_tap(tap, port.tap_mask, port.tap_slot_size, message, port.size)

    zmsg = port_address + _ZMSG_OUT_PORT
    last = np.int64(-1)
    for i in range(port.n_wires):
        if _admit(port.wires[i], message):
            if out_wire(port.wires[i]).is_ring != 0:
                _push(port.wires[i], message)
                continue
            if last >= 0:
                _send_shared(port.wires[last], zmsg)
            last = i
    if last >= 0:
        _send(port.wires[last], zmsg)
    elif port.scratch == 0:
        zmq_msg_close(zmsg)


@kernel
def _admit(wire_address, message):
    """Counts the message as offered; decides whether it goes to the transport now."""
    wire = out_wire(wire_address)
    page = wire_page(wire.page)
    page.offered += 1
    if not is_up(wire, page):
        if wire.overflow == _LATEST:
            _keep_latest(wire, page, message)
        else:
            page.down += 1
        return False
    if wire.overflow == _LATEST and wire.waiting > 0:
        _keep_latest(wire, page, message)  # order: nothing overtakes what waits
        return False
    if wire.overflow == _BLOCK or in_flight(wire, page) < wire.capacity:
        return True  # for BLOCK the reactor saw to the room before it called the handler
    if wire.overflow == _LATEST:
        _keep_latest(wire, page, message)
    else:
        page.full += 1
    return False


@kernel
def _send(wire_address, zmsg):
    wire = out_wire(wire_address)
    page = wire_page(wire.page)
    store_release(wire.page + _PUBLISHED, page.published + 1)
    if zmq_msg_send(zmsg, wire.socket, _DONTWAIT) < 0:
        page.published -= 1
        page.down += 1
        zmq_msg_close(zmsg)


@kernel
def _push(wire_address, message):
    wire = out_wire(wire_address)
    page = wire_page(wire.page)
    store_release(wire.page + _PUBLISHED, page.published + 1)
    if not push(wire_address, message):  # a handler that sends more at once than it declares
        page.published -= 1
        page.full += 1


@kernel
def _send_shared(wire_address, zmsg):
    """Sends a second reference to the same content: no bytes are copied by us."""
    copy = wire_address + _ZMSG_OUT_WIRE
    zmq_msg_init(copy)
    zmq_msg_copy(copy, zmsg)
    _send(wire_address, copy)


# ---- overflow policy "latest": one slot a symbol, flushed in the order the symbols came ----------

@kernel
def _keep_latest(wire, page, message):
    key = min(load_u32(message + wire.key_offset), wire.keys - 1)  # the last: unknown symbols
    slot = wire.slots + key * wire.size
    if load_i64(wire.dirty + 8 * key) != 0:
        page.conflated += 1
    else:
        store_i64(wire.dirty + 8 * key, 1)
        tail = (wire.queue_head + wire.waiting) % wire.keys
        store_i64(wire.queue + 8 * tail, key)
        wire.waiting += 1
    memcpy(slot, message, wire.size)


@kernel
def flush(wire_address):
    """Sends what a ``latest`` wire kept back while there is room. Returns messages sent."""
    wire = out_wire(wire_address)
    page = wire_page(wire.page)
    sent = 0
    while wire.waiting > 0 and is_up(wire, page) and in_flight(wire, page) < wire.capacity:
        key = load_i64(wire.queue + 8 * wire.queue_head)
        kept = wire.slots + key * wire.size
        zmsg = wire_address + _ZMSG_OUT_WIRE
        if wire.is_ring == 0:
            if zmq_msg_init_size(zmsg, wire.size) != 0:
                break
            memcpy(zmq_msg_data(zmsg), kept, wire.size)
        store_i64(wire.dirty + 8 * key, 0)
        wire.queue_head = (wire.queue_head + 1) % wire.keys
        wire.waiting -= 1
        if wire.is_ring == 0:
            _send(wire_address, zmsg)
        else:
            _push(wire_address, kept)
        sent += 1
    return sent


@kernel
def connect_pending(wire_address):
    """Changes over to the socket the housekeeper prepared for the consumer's new incarnation.

    What was in flight to the old incarnation is lost; it is dead, so its counters stand still.
    Returns 1 if it changed over.
    """
    wire = out_wire(wire_address)
    pending = load_acquire(wire_address + _PENDING_EPOCH)
    if pending == 0 or wire.retired_socket != 0:
        return 0
    page = wire_page(wire.page)
    if load_acquire(wire.page + _C_EPOCH) == pending:  # a newer one accounts for what it finds
        page.p_lost += max(in_flight(wire, page), 0)
    wire.retired_socket = wire.socket
    wire.socket = wire.pending_socket
    wire.bell = wire.pending_bell
    wire.seen_tail = 0
    wire.c_epoch = pending
    page.p_connected = pending
    wire.pending_socket = 0
    store_release(wire_address + _PENDING_EPOCH, 0)
    return 1


# ---- consumer ------------------------------------------------------------------------------------

@kernel
def waiting_at(wire_address):
    """Messages published to this wire that have not been taken: the length of its queue."""
    wire = in_wire(wire_address)
    page = wire_page(wire.page)
    published = load_acquire(wire.page + _PUBLISHED)
    return published - page.handled - page.stale - page.left - page.p_lost - page.c_lost


@kernel
def take(wire_address, force):
    """The next message on this input wire, or 0.

    Looks at the page first, which costs a load, and asks libzmq only if the producer published
    something, or if ``force`` is set: strangers who write to the socket count nothing in the page.

    Messages that are not of the wire's type, or not from the producer's incarnation that the wire
    accepts, are counted and dropped here. Sets ``missing`` (sequence numbers skipped just before
    this message) and ``new_epoch`` in the actor's context. :func:`release` must follow.
    """
    wire = in_wire(wire_address)
    if wire.is_ring == 0 and force == 0 and waiting_at(wire_address) <= 0:
        return 0
    for _ in range(_REFUSALS_PER_TAKE):
        message = _receive(wire_address)
        if message == 0:
            return 0
        if _accept(wire_address, message, _size_of(wire_address)):
            _follow(wire_address, message_header(message))
            return message
        _let_go(wire_address)
    return 0


@kernel
def _receive(wire_address):
    """The transport's next message, whatever it is, or 0. Ends with :func:`_let_go`."""
    wire = in_wire(wire_address)
    if wire.is_ring != 0:
        return next_message(wire_address)
    zmsg = wire_address + _ZMSG_IN_WIRE
    zmq_msg_init(zmsg)
    if zmq_msg_recv(zmsg, wire.socket, _DONTWAIT) < 0:
        zmq_msg_close(zmsg)
        return np.int64(0)
    return zmq_msg_data(zmsg)


@kernel
def _size_of(wire_address):
    wire = in_wire(wire_address)
    return wire.size if wire.is_ring != 0 else zmq_msg_size(wire_address + _ZMSG_IN_WIRE)


@kernel
def _let_go(wire_address):
    """Gives the memory of what was received back to the transport."""
    if in_wire(wire_address).is_ring != 0:
        free_slot(wire_address)
    else:
        zmq_msg_close(wire_address + _ZMSG_IN_WIRE)


@kernel
def _accept(wire_address, message, size):
    """Whether the buffer is a message of this wire; counts it if not. It may be of any length."""
    wire = in_wire(wire_address)
    page = wire_page(wire.page)
    if size == wire.size and load_i64(message) == wire.prefix0 \
            and load_i64(message + 8) == wire.prefix1 and load_i64(message + 16) == wire.prefix2:
        epoch = np.int64(message_header(message).epoch)
        if epoch == wire.p_epoch and epoch != 0:
            return True
        if epoch < wire.p_epoch and page.c_lost > 0:
            page.stale += 1
            page.c_lost -= 1  # adopt_producer() had given it up
            return False
    if wire.sample_size == 0:
        kept = min(size, 64)
        memcpy(wire_address + _SAMPLE, message, kept)
        wire.sample_size = kept + 1
    page.foreign += 1
    return False


@kernel
def _follow(wire_address, header):
    """Follows the producer's numbering, and tells the actor where the message stands in it."""
    wire = in_wire(wire_address)
    page = wire_page(wire.page)
    actor = context(wire.ctx)
    epoch, seq = np.int64(header.epoch), np.int64(header.seq)
    actor.missing = 0
    actor.new_epoch = 0
    if epoch != wire.epoch:
        wire.epoch = epoch
        actor.new_epoch = 1
        wire.expected = seq + 1
    elif seq < wire.expected and wire.conflates != 0:
        page.missing = max(page.missing - 1, 0)  # was kept back, and thought missing
    else:
        actor.missing = max(seq - wire.expected, 0)
        page.missing += actor.missing
        wire.expected = seq + 1
    actor.input = wire.input
    actor.page = wire.page
    actor.cause = (np.int64(header.port) << 48) | seq


@kernel
def release(wire_address):
    """Ends the message that :func:`take` gave: it is counted as handled and its memory freed."""
    _let_go(wire_address)
    wire = in_wire(wire_address)
    store_release(wire.page + _HANDLED, wire_page(wire.page).handled + 1)


@kernel
def discard(wire_address):
    """Drops the next message instead of handling it: the consumer ends. Returns 1 if there was
    one, or if a new incarnation of the producer was found."""
    if take(wire_address, 1) == 0:
        return adopt_producer(wire_address)
    _let_go(wire_address)
    wire_page(in_wire(wire_address).page).left += 1
    return 1


@kernel
def adopt_producer(wire_address):
    """Accepts the producer's new incarnation once nothing of the old one is left to take.

    The old one is dead and reaped, so what has not arrived is lost. Returns 1 if it did.
    """
    wire = in_wire(wire_address)
    p_epoch = load_acquire(wire.page + _P_EPOCH)
    if p_epoch == wire.p_epoch:
        return 0
    page = wire_page(wire.page)
    page.c_lost += max(waiting_at(wire_address), 0)
    wire.p_epoch = p_epoch
    store_release(wire.page + _ACCEPTED, p_epoch)
    return 1


@kernel
def request_resync(ctx):
    """Asks the producer of the message being handled, or handled last, for a snapshot."""
    page = context(ctx).page
    if page != 0:
        wire_page(page).resync += 1


@kernel
def request_replay(ctx, number):
    """Asks the producer of the message being handled, or handled last, to send again everything
    from ``number`` on, in the numbering that the messages carry themselves (a report's
    ``report_seq``). Before the first message, see ``ActorHost.resume_from``."""
    page = context(ctx).page
    if page != 0:
        wire_page(page).resume_from = number
        wire_page(page).resync += 1


@kernel
def replay_from(wire_address):
    """The number from which on the consumer of an output wire wants messages again: what a resync
    handler, whose argument the wire is, reads. 0 if the consumer never asked."""
    return load_acquire(out_wire(wire_address).page + _RESUME_FROM)
