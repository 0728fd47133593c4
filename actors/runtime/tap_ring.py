"""The ring behind a tapped output port, compiled: one producer writes, any number of readers look.

::

    TAP_RING    magic, sizes, active | head
    slot 0      version | message
    slot 1      version | message
    ...

The message at position p lies in slot p % slots, whose version is 2p + 1 while it is written and
2p + 2 once it is whole.

The producer overwrites the oldest and never looks at a reader; readers write nothing. So a reader
that is slow, stopped or dead costs nobody anything but itself: it finds that the head has gone
round, and knows by how much. Each slot is guarded by its version, as in a seqlock (H.-J. Boehm, Can
seqlocks get along with programming language memory models?, 2012).

Addresses are int64; the producer takes the ring's geometry from its own memory, so whatever
anybody writes into the ring it stays within it.
"""

from actors.runtime.layout import TAP_RING
from actors.runtime.native import (
    fence_acquire, fence_release, kernel, load_acquire, load_i64, memcpy, store_i64, store_release,
)

__all__ = ["CURSOR_WORDS", "SLOTS_AT", "VERSION_SIZE", "read_tap", "write_tap"]

#: Words of a reader's cursor: the next position, and how many it could not have, all int64.
CURSOR_WORDS = 2
#: Offset of the first slot, and of the message in a slot.
SLOTS_AT = TAP_RING.itemsize
VERSION_SIZE = 8

_HEAD = TAP_RING.fields["head"][1]


@kernel
def write_tap(ring, mask, slot_size, message, size):
    """Puts a copy of the ``size`` bytes at ``message`` into the ring, over its oldest."""
    head = load_i64(ring + _HEAD)
    slot = ring + SLOTS_AT + (head & mask) * slot_size
    store_release(slot, 2 * head + 1)
    fence_release()
    memcpy(slot + VERSION_SIZE, message, size)
    store_release(slot, 2 * head + 2)
    store_release(ring + _HEAD, head + 1)


@kernel
def read_tap(ring, mask, slot_size, size, cursor, out, most):
    """Copies what follows the cursor to ``out``, at most ``most`` messages of ``size`` bytes, one
    behind the other. Returns how many.

    ``cursor``: address of CURSOR_WORDS int64. What has been overwritten is counted there and passed
    over, and a little more, or the producer would be back before it is read.
    """
    position = load_i64(cursor)
    read = 0
    while read < most:
        head = load_acquire(ring + _HEAD)
        if position >= head:
            break
        if head - position > mask:  # also where head == position + slots: being overwritten
            skipped = head - position - mask + (mask >> 3)
            store_i64(cursor + 8, load_i64(cursor + 8) + skipped)
            position += skipped
            continue
        slot = ring + SLOTS_AT + (position & mask) * slot_size
        whole = 2 * position + 2
        if load_acquire(slot) != whole:
            continue  # the head has moved on meanwhile
        memcpy(out + read * size, slot + VERSION_SIZE, size)
        fence_acquire()
        if load_i64(slot) != whole:
            continue
        position += 1
        read += 1
    store_i64(cursor, position)
    return read
