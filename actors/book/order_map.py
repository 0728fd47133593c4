"""A hash map from an int64 key to an int32 slot, in two NumPy arrays.

Open addressing with linear probing in a power-of-two table at most half full; deletion shifts the
entries behind back into place (Knuth, TAOCP vol. 3, 6.4, algorithm R), so there are no tombstones
and a map that lives all day probes as shortly at the close as at the open.

Keys are hashed by multiply-shift (Dietzfelbinger et al., 1997): one multiplication with an odd
constant, of which the top bits count. Four consecutive keys share one hash and lie side by side in
one cache line, because order references count upwards: what comes next is where the last one was.
The constant may be drawn from a seed, for keys that a stranger chooses.
"""

from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros, kernel, record_at

__all__ = ["ABSENT", "FULL", "MAP_ENTRY", "MAP_HEADER", "OrderMap", "allocate_map", "clear_map",
           "get_in", "home", "map_clear", "map_count", "map_delete", "map_get", "map_put",
           "map_take", "put_in", "table_size", "take_from"]

#: Answer of :func:`map_get`, :func:`map_take` and :func:`map_delete` when the key is not there.
ABSENT = -1
#: Answer of :func:`map_put` when the map holds as many keys as it was allocated for.
FULL = -2

#: One place of the table. ``slot`` is -1 where nothing is stored; any int64 is a valid key.
MAP_ENTRY = np.dtype(
    {"names": ["key", "slot"], "formats": ["i8", "i4"], "offsets": [0, 8], "itemsize": 16},
    align=True,
)

#: ``limit`` is the most keys accepted; ``mask`` is the table size - 1; ``shift`` leaves as many top
#: bits as number the groups of four.
MAP_HEADER = np.dtype(
    [("count", "i8"), ("limit", "i8"), ("mask", "i8"), ("shift", "u8"), ("multiplier", "u8")],
    align=True,
)

#: 2**64 / golden ratio, made odd: spreads keys that count upwards as evenly as can be.
GOLDEN = 0x9E3779B97F4A7C15


class OrderMap(NamedTuple):
    """``entries``: MAP_ENTRY, a power of two of them; ``header``: one MAP_HEADER."""

    entries: np.ndarray
    header: np.ndarray


def table_size(keys: int) -> int:
    """How many entries a map for up to ``keys`` keys has."""
    if not 1 <= keys <= 2**30:
        raise ValueError(f"a map needs room for 1 to 2**30 keys, not {keys}")
    return 1 << max(4, (2 * keys - 1).bit_length())


def clear_map(entries: np.ndarray, header: np.ndarray, keys: int, seed: int) -> None:
    """Make the two arrays, of any content, an empty map. See :func:`allocate_map`."""
    size = table_size(keys)
    multiplier = GOLDEN
    if seed:
        multiplier = int(np.random.default_rng(seed).integers(2**64, dtype=np.uint64)) | 1
    header[0] = (0, keys, size - 1, 67 - size.bit_length(), multiplier)
    entries["slot"] = ABSENT


def allocate_map(keys: int, seed: int = 0) -> OrderMap:
    """An empty map for up to ``keys`` keys, 32 to 64 bytes a key.

    A ``seed`` other than 0 draws the hash multiplier from it, so that nobody who does not know the
    seed can choose keys that collide.
    """
    entries = aligned_zeros(table_size(keys), MAP_ENTRY)
    header = aligned_zeros(1, MAP_HEADER)
    clear_map(entries, header, keys, seed)
    return OrderMap(entries, header)


# --- kernels on a header and the address of the entries --------------------------------------


@kernel
def home(header, key):
    """The place in the table where the search for ``key`` begins."""
    key = np.uint64(key)
    group = ((key >> np.uint64(2)) * header.multiplier) >> header.shift
    return np.int64((group << np.uint64(2)) | (key & np.uint64(3)))


@kernel
def get_in(header, entries, key):
    """:func:`map_get` for a MAP_HEADER record and the address of its table."""
    mask = header.mask
    at = home(header, key)
    while True:
        entry = record_at(entries, at, MAP_ENTRY)
        slot = np.int64(entry.slot)
        if slot < 0 or entry.key == key:
            return slot
        at = (at + 1) & mask


@kernel
def put_in(header, entries, key, slot):
    """:func:`map_put` for a MAP_HEADER record and the address of its table."""
    mask = header.mask
    at = home(header, key)
    while True:
        entry = record_at(entries, at, MAP_ENTRY)
        if entry.slot < 0:
            break
        if entry.key == key:
            entry.slot = slot
            return np.int64(slot)
        at = (at + 1) & mask
    if header.count >= header.limit:
        return np.int64(FULL)
    entry = record_at(entries, at, MAP_ENTRY)
    entry.key = key
    entry.slot = slot
    header.count += 1
    return np.int64(slot)


@kernel
def take_from(header, entries, key):
    """:func:`map_take` for a MAP_HEADER record and the address of its table."""
    mask = header.mask
    hole = home(header, key)
    while True:
        entry = record_at(entries, hole, MAP_ENTRY)
        taken = np.int64(entry.slot)
        if taken < 0:
            return taken
        if entry.key == key:
            break
        hole = (hole + 1) & mask
    # Move each following entry of the run back if the hole lies between it and its home.
    at = hole
    while True:
        at = (at + 1) & mask
        entry = record_at(entries, at, MAP_ENTRY)
        if entry.slot < 0:
            break
        if ((at - home(header, entry.key)) & mask) >= ((at - hole) & mask):
            target = record_at(entries, hole, MAP_ENTRY)
            target.key = entry.key
            target.slot = entry.slot
            hole = at
    record_at(entries, hole, MAP_ENTRY).slot = -1
    header.count -= 1
    return taken


# --- kernels on an OrderMap -------------------------------------------------------------------


@kernel
def map_clear(order_map):
    """Forget all keys."""
    entries = order_map.entries
    for at in range(entries.size):
        entries[at].slot = -1
    order_map.header[0].count = 0


@kernel
def map_count(order_map):
    """How many keys are stored."""
    return order_map.header[0].count


@kernel
def map_get(order_map, key):
    """The slot stored under ``key``, or ABSENT."""
    return get_in(order_map.header[0], np.int64(order_map.entries.ctypes.data), key)


@kernel
def map_put(order_map, key, slot):
    """Store ``slot`` (0 or more) under ``key``, over what was there. Returns the slot, or FULL."""
    return put_in(order_map.header[0], np.int64(order_map.entries.ctypes.data), key, slot)


@kernel
def map_take(order_map, key):
    """Remove ``key``. Returns the slot that was stored, or ABSENT."""
    return take_from(order_map.header[0], np.int64(order_map.entries.ctypes.data), key)


@kernel
def map_delete(order_map, key):
    """Remove ``key``. True if it was there."""
    return map_take(order_map, key) >= 0
