"""The compiled reactor: moves messages between wires and handlers until it is told to stop.

One loop, compiled once, serves every actor: it reads a table of input wires, timers and pollers,
each with the address of its handler and of its actor's context. A turn serves inputs in order of
priority (control, executions, orders, market data; equals in turn), then timers, then pollers.
Between turns without work it waits as its wait strategy says (named as in the LMAX Disruptor):
``busy_spin`` looks again, ``yielding`` gives the core away first, ``blocking`` does neither for
long. The last two sleep, in ``ppoll`` on all their descriptors, after ``spin_ns`` without work.
That a yielding thread sleeps at all is what keeps others alive: some kernels (Linux 6.18 among
them) let threads that only ever yield starve everything else for the better part of a minute.
"""

import numpy as np
from numba import types

from actors.runtime.clock import now_ns
from actors.runtime.enums import Overflow, Priority, Wait
from actors.runtime.layout import OUT_WIRE, POLLER, THREAD, TIMER
from actors.runtime.native import (
    call_handler, kernel, load_acquire, load_i64, ppoll, read, sched_yield, store_i64,
    store_release, zmq_getsockopt,
)
from actors.runtime.records import (
    context, in_wire, out_port, out_wire, poller_record, thread_record, timer_record,
    vitals_record, wire_page,
)
from actors.runtime.ring import doze, wake_up
from actors.runtime.wire import (
    adopt_producer, connect_pending, flush, has_room, held_due_ns, is_up, release, release_held,
    take,
)

__all__ = ["run", "turn", "warm"]

_BLOCK = int(Overflow.BLOCK)
_YIELDING = int(Wait.YIELDING)
_BUSY_SPIN = int(Wait.BUSY_SPIN)
_MARKET_DATA = int(Priority.MARKET_DATA)

_MESSAGES_PER_TURN = 64       # then timers and pollers get their chance
_BATCH = 8                    # messages of one wire, then everything more urgent is looked at again
_FORCED_TAKE_EVERY = 1024     # idle turns between looks at libzmq that the page did not ask for
_LONGEST_SLEEP_NS = 5_000_000
_BLOCKED_SLEEP_NS = 100_000   # room on a full wire is announced by no descriptor

_ZMQ_EVENTS = 15
_POLLIN = 1
_TIMER_SIZE = TIMER.itemsize
_POLLER_SIZE = POLLER.itemsize
_STOP = THREAD.fields["stop"][1]
_RUNNING = THREAD.fields["running"][1]
_SCRATCH = THREAD.fields["scratch0"][1]
_PENDING = OUT_WIRE.fields["pending_epoch"][1]


@kernel
def is_blocked(ctx):
    """Whether a ``block`` wire of this actor lacks room for what one handler call may send."""
    actor = context(ctx)
    for i in range(actor.n_blocking):
        port = out_port(actor.ports[actor.blocking[i]])
        for j in range(port.n_wires):
            blocks = out_wire(port.wires[j]).overflow == _BLOCK
            if blocks and not has_room(port.wires[j], port.burst):
                return True
    return False


@kernel
def serve_inputs(thread_address, force):
    """Handles up to a turn's worth of messages; returns how many.

    The most urgent wire that has something comes next. One market data message, or a batch of
    anything else, and the search begins anew.
    """
    thread = thread_record(thread_address)
    served = 0
    i = 0
    while i < thread.n_in and served < _MESSAGES_PER_TURN:
        address = load_i64(thread.ins + 8 * i)
        wire = in_wire(address)
        handled = 0
        if context(wire.ctx).live != 0:
            most = 1 if wire.priority >= _MARKET_DATA else _BATCH
            handled = _serve_wire(address, most, force)
        if handled == 0:
            i += 1
            continue
        served += handled
        _go_behind_equals(thread_address, i)
        i = 0
    return served


@kernel
def _serve_wire(address, most, force):
    """Handles up to ``most`` messages of one wire; returns how many."""
    wire = in_wire(address)
    handled = 0
    while handled < most:
        if context(wire.ctx).n_blocking > 0 and is_blocked(wire.ctx):
            break
        message = take(address, force)
        if message == 0:
            if adopt_producer(address) == 0:
                break
            continue
        call_handler(wire.handler, wire.ctx, message)
        release(address)
        vitals_record(context(wire.ctx).vitals).handled += 1
        handled += 1
    return handled


@kernel
def _go_behind_equals(thread_address, i):
    """Moves wire ``i`` behind the wires of its own priority, so that none of them starves."""
    thread = thread_record(thread_address)
    address = load_i64(thread.ins + 8 * i)
    priority = in_wire(address).priority
    while i + 1 < thread.n_in:
        following = load_i64(thread.ins + 8 * (i + 1))
        if in_wire(following).priority != priority:
            break
        store_i64(thread.ins + 8 * i, following)
        i += 1
    store_i64(thread.ins + 8 * i, address)


@kernel
def serve_outputs(thread_address):
    """Changes over to new consumers, flushes conflated messages, answers snapshot requests."""
    thread = thread_record(thread_address)
    work = 0
    for i in range(thread.n_out):
        entry = thread.outs + 24 * i
        address, port_address, ctx = load_i64(entry), load_i64(entry + 8), load_i64(entry + 16)
        wire = out_wire(address)
        page = wire_page(wire.page)
        changed = 0
        if load_acquire(address + _PENDING) != 0:
            changed = connect_pending(address)
            wire.fresh |= changed  # its handler may have to wait until the actor is live
        if wire.waiting > 0:
            work += flush(address)
        if wire.held > 0:
            work += release_held(address, False)
        port = out_port(port_address)
        if port.resync_handler != 0 and context(ctx).live != 0 and is_up(wire, page):
            if wire.fresh != 0 or page.resync != wire.seen_resync:
                wire.fresh = 0
                wire.seen_resync = page.resync
                context(ctx).cause = 0
                call_handler(port.resync_handler, ctx, address)
        work += changed
    return work


@kernel
def beat_after(due, every_ns, now):
    """When a timer that was ``due`` fires next; beats that were missed are not made up for."""
    return due + every_ns if due + every_ns > now else now + every_ns


@kernel
def serve_timers(thread_address, now):
    """Runs the timers that are due; returns how many."""
    thread = thread_record(thread_address)
    fired = 0
    for i in range(thread.n_timers):
        timer = timer_record(thread.timers + i * _TIMER_SIZE)
        actor = context(timer.ctx)
        if actor.live == 0 or now < timer.next_ns:
            continue
        if actor.n_blocking > 0 and is_blocked(timer.ctx):
            continue
        actor.cause = 0
        actor.now_ns = now
        following = call_handler(timer.handler, timer.ctx, now)
        if following > 0:
            timer.next_ns = following
        else:
            timer.next_ns = beat_after(timer.next_ns, timer.every_ns, now)
        fired += 1
    return fired


@kernel
def serve_pollers(thread_address):
    """Lets each open descriptor's handler do its input; returns the work they report."""
    thread = thread_record(thread_address)
    work = 0
    for i in range(thread.n_pollers):
        poller = poller_record(thread.pollers + i * _POLLER_SIZE)
        actor = context(poller.ctx)
        if poller.fd < 0 or actor.live == 0:
            continue
        if actor.n_blocking > 0 and is_blocked(poller.ctx):
            continue
        actor.cause = 0
        work += call_handler(poller.handler, poller.ctx, poller.fd)
    return work


@kernel
def note_slow_turn(thread_address, took_ns):
    """Enters a turn that took long in the vitals of the thread's actors. Its begin and end are the
    clock readings of two turns: nothing is read for it."""
    thread = thread_record(thread_address)
    for i in range(thread.n_ctx):
        vitals = vitals_record(context(load_i64(thread.ctxs + 8 * i)).vitals)
        vitals.slow_turn_ns = took_ns
        vitals.slow_turns += 1


@kernel
def turn(thread_address, force):
    """One turn; returns the work done."""
    thread = thread_record(thread_address)
    now = now_ns(thread_address + _SCRATCH)
    if thread.worked > 0 and now - thread.began_ns > thread.slow_ns:
        note_slow_turn(thread_address, now - thread.began_ns)
    thread.began_ns = now
    for i in range(thread.n_ctx):
        ctx = load_i64(thread.ctxs + 8 * i)
        actor = context(ctx)
        actor.now_ns = now
        vitals_record(actor.vitals).heartbeat_ns = now
    work = serve_outputs(thread_address) + serve_inputs(thread_address, force)
    work += serve_timers(thread_address, now) + serve_pollers(thread_address)
    thread.worked = work
    if work > 0:
        for i in range(thread.n_ctx):
            vitals_record(context(load_i64(thread.ctxs + 8 * i)).vitals).progress += 1
    return work


@kernel
def _any_readable(thread_address):
    """Whether a message is there after all. Asks libzmq, which also makes it note what arrived:
    needed before its descriptors are trusted, as they signal changes only. Tells the producers of
    rings to ring the bell from now on."""
    thread = thread_record(thread_address)
    for i in range(thread.n_in):
        wire = in_wire(load_i64(thread.ins + 8 * i))
        if context(wire.ctx).live == 0:
            continue
        if wire.is_ring != 0:
            if context(wire.ctx).n_blocking == 0 or not is_blocked(wire.ctx):
                if doze(load_i64(thread.ins + 8 * i)):
                    return True
            continue
        events = thread_address + _SCRATCH
        store_i64(events, 0)
        store_i64(events + 8, 4)
        zmq_getsockopt(wire.socket, _ZMQ_EVENTS, events, events + 8)
        if load_i64(events) & _POLLIN:
            if context(wire.ctx).n_blocking == 0 or not is_blocked(wire.ctx):
                return True
    return False


@kernel
def _sleep_ns(thread_address):
    """How long the reactor may sleep: to the next timer, at most _LONGEST_SLEEP_NS."""
    thread = thread_record(thread_address)
    now = now_ns(thread_address + _SCRATCH)
    longest = _LONGEST_SLEEP_NS
    for i in range(thread.n_timers):
        timer = timer_record(thread.timers + i * _TIMER_SIZE)
        actor = context(timer.ctx)
        if actor.live != 0 and (actor.n_blocking == 0 or not is_blocked(timer.ctx)):
            longest = min(longest, timer.next_ns - now)
    for i in range(thread.n_ctx):
        ctx = load_i64(thread.ctxs + 8 * i)
        if context(ctx).n_blocking > 0 and is_blocked(ctx):
            longest = min(longest, _BLOCKED_SLEEP_NS)
    for i in range(thread.n_out):
        address = load_i64(thread.outs + 24 * i)
        if out_wire(address).held > 0:
            longest = min(longest, held_due_ns(address) - now)
    return longest


@kernel
def _fill_pollfds(thread_address):
    """Descriptors to sleep on: libzmq's, the bells', the pollers', and the wake-up. An actor
    that is blocked or not live is left out, or its unread input would end every sleep at once."""
    thread = thread_record(thread_address)
    n = 0
    for i in range(thread.n_in):
        wire = in_wire(load_i64(thread.ins + 8 * i))
        actor = context(wire.ctx)
        if actor.live != 0 and (actor.n_blocking == 0 or not is_blocked(wire.ctx)):
            store_i64(thread.pollfds + 8 * n, wire.fd | (_POLLIN << 32))
            n += 1
    for i in range(thread.n_pollers):
        poller = poller_record(thread.pollers + i * _POLLER_SIZE)
        actor = context(poller.ctx)
        if poller.fd >= 0 and actor.live != 0 \
                and (actor.n_blocking == 0 or not is_blocked(poller.ctx)):
            store_i64(thread.pollfds + 8 * n, poller.fd | (_POLLIN << 32))
            n += 1
    store_i64(thread.pollfds + 8 * n, thread.wake_fd | (_POLLIN << 32))
    return n + 1


@kernel
def _leave_bells(thread_address, rang):
    """The producers of rings need not ring any more."""
    thread = thread_record(thread_address)
    for i in range(thread.n_in):
        address = load_i64(thread.ins + 8 * i)
        if in_wire(address).is_ring != 0:
            wake_up(address, rang)


@kernel
def sleep(thread_address):
    """Sleeps until a descriptor is readable, a timer is due or somebody wakes the thread.

    Returns 1 if libzmq had something after all and the next turn should take it by force.
    """
    if _any_readable(thread_address):
        _leave_bells(thread_address, False)
        return 1
    thread = thread_record(thread_address)
    longest = _sleep_ns(thread_address)
    if longest <= 0:
        _leave_bells(thread_address, False)
        return 0
    n = _fill_pollfds(thread_address)
    timeout = thread_address + _SCRATCH
    store_i64(timeout, 0)
    store_i64(timeout + 8, longest)
    thread.sleeps += 1
    ready = ppoll(thread.pollfds, n, timeout, 0)
    _leave_bells(thread_address, ready > 0)
    if ready > 0:
        if (load_i64(thread.pollfds + 8 * (n - 1)) >> 48) & _POLLIN:
            read(np.int32(thread.wake_fd), thread_address + _SCRATCH, 8)
    return 0


@kernel
def run(thread_address):
    """Turns until ``stop`` is set. Holds no GIL, takes no lock, calls no interpreter."""
    thread = thread_record(thread_address)
    thread.running = 1
    idle_since = np.int64(0)
    idle_turns = np.int64(0)
    force = np.int64(0)
    while load_acquire(thread_address + _STOP) == 0:
        work = turn(thread_address, force)
        force = 0
        thread.turns += 1
        if work > 0:
            idle_since = 0
            idle_turns = 0
            continue
        idle_turns += 1
        if idle_turns % _FORCED_TAKE_EVERY == 0:
            force = 1
        if thread.wait == _BUSY_SPIN:
            continue
        now = now_ns(thread_address + _SCRATCH)
        if idle_since == 0:
            idle_since = now
        if now - idle_since >= thread.spin_ns:
            force = sleep(thread_address)
        elif thread.wait == _YIELDING:
            sched_yield()
    store_release(thread_address + _RUNNING, 0)


def warm() -> None:
    """Compiles the reactor, or loads it from the cache; otherwise its thread's first turn would."""
    run.compile((types.int64,))
