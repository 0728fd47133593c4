"""The transport ``shm``: a ring of messages in shared memory, one producer, one consumer. Compiled.

::

    RING     sizes | head | tail, asleep
    slot 0   message
    slot 1   message
    ...

The message at position p lies in slot p % slots. The producer writes it there and then moves the
head on, so a producer that dies on the way has published nothing; the consumer reads it where it
lies and then moves the tail on. What each of them writes is on cache lines of its own, and each
remembers what it last saw of the other's and looks again only when that does not suffice (both as
in the Disruptor of LMAX and in M. Thompson's rings). A ring belongs to one incarnation of its
consumer, which makes it; the next one gets a new ring, as it would a new socket.

A consumer that sleeps says so before it looks a last time; the producer looks at that after it has
moved the head. A full fence on both sides sees to it that one of them notices the other. The bell is a
named pipe beside the ring, which ``ppoll`` can wait for together with everything else.

Addresses and positions are int64.
"""

import numpy as np

from actors.runtime.layout import IN_WIRE, OUT_WIRE, RING
from actors.runtime.native import (
    fence_full, kernel, load_acquire, load_i64, memcpy, read, store_i64, store_release, write,
)
from actors.runtime.records import in_wire, out_wire

__all__ = ["SLOTS_AT", "doze", "free_slot", "next_message", "push", "wake_up"]

#: Offset of the first slot.
SLOTS_AT = RING.itemsize

_HEAD = RING.fields["head"][1]
_TAIL = RING.fields["tail"][1]
_ASLEEP = RING.fields["asleep"][1]
_OUT_SCRATCH = OUT_WIRE.fields["zmsg"][1]
_IN_SCRATCH = IN_WIRE.fields["zmsg"][1]
_SCRATCH_SIZE = 64


# ---- producer ------------------------------------------------------------------------------------

@kernel
def push(wire_address, message):
    """Copies ``message`` into the next slot and shows it to the consumer. Returns whether there was
    one, which the wire's credit ensures unless somebody has written into the ring."""
    wire = out_wire(wire_address)
    ring = wire.socket
    head = load_i64(ring + _HEAD)
    if head - wire.seen_tail > wire.ring_mask:
        wire.seen_tail = load_acquire(ring + _TAIL)
        if head - wire.seen_tail > wire.ring_mask:
            return False
    memcpy(ring + SLOTS_AT + (head & wire.ring_mask) * wire.slot_size, message, wire.size)
    store_release(ring + _HEAD, head + 1)
    fence_full()
    if load_i64(ring + _ASLEEP) != 0:
        store_i64(ring + _ASLEEP, 0)
        write(np.int32(wire.bell), wire_address + _OUT_SCRATCH, 1)  # whatever byte lies there
    return True


# ---- consumer ------------------------------------------------------------------------------------

@kernel
def next_message(wire_address):
    """Address of the message at the tail, or 0; it stays there until :func:`free_slot`."""
    wire = in_wire(wire_address)
    if wire.seen_head == wire.tail:
        wire.seen_head = load_acquire(wire.socket + _HEAD)
        if wire.seen_head == wire.tail:
            return 0
    return wire.socket + SLOTS_AT + (wire.tail & wire.ring_mask) * wire.slot_size


@kernel
def free_slot(wire_address):
    """Gives the slot of the last message back to the producer."""
    wire = in_wire(wire_address)
    wire.tail += 1
    store_release(wire.socket + _TAIL, wire.tail)


@kernel
def doze(wire_address):
    """Says that the consumer is about to sleep. Returns True if it should not: a message is there.
    """
    wire = in_wire(wire_address)
    store_i64(wire.socket + _ASLEEP, 1)
    fence_full()
    return load_acquire(wire.socket + _HEAD) != wire.tail


@kernel
def wake_up(wire_address, rang):
    """The consumer is awake; ``rang``: the bell has bytes in it, which are taken out."""
    wire = in_wire(wire_address)
    store_i64(wire.socket + _ASLEEP, 0)
    if rang:
        read(np.int32(wire.fd), wire_address + _IN_SCRATCH, _SCRATCH_SIZE)
