"""Writing and checking journals, compiled: addresses and integers, no allocation, no system call.

``journal`` is the address of a JOURNAL record. One thread writes; it claims, builds the payload in
place, and commits::

    payload = claim_record(journal, TYPE, length, now_ns)
    if payload != 0:
        ...
        commit_record(journal)

The mixing step is a multiplication by an odd constant and a shift that is xor-ed in: each is a
bijection of 64 bits, the construction of MurmurHash3's finalizer (A. Appleby, 2011).
"""

import numpy as np

from actors.runtime.journal.layout import (
    COMMITTED, JOURNAL, MAX_PAYLOAD, RECORD_HEADER, SEGMENT_END, SEGMENT_HEADER,
)
from actors.runtime.native import (
    kernel, load_acquire, load_i64, memcpy, store_i64, store_release,
)
from schemas.pointer import record_at

__all__ = ["SCAN_BAD", "SCAN_END", "SCAN_FULL", "SYNCED_AT", "append_record", "checksum_at",
           "claim_record", "commit_record", "find_record", "hash_bytes", "is_durable",
           "journal_at", "scan"]

_FACTOR = np.uint64(0xFF51AFD7ED558CCD)
_33 = np.uint64(33)
_LENGTH_MASK = np.int64(0xFFFFFFFF)
_TYPE_MASK = np.int64(0xFFFF)
_WORD, _SEQUENCE, _TIME, _CHECKSUM = 0, 8, 16, 24

_NEXT_BASE = JOURNAL.fields["next_base"][1]
_NUMBER = JOURNAL.fields["number"][1]
_NEXT_SEQUENCE = JOURNAL.fields["sequence"][1]
SYNCED_AT = JOURNAL.fields["synced"][1]

#: How :func:`scan` ended: where nothing is committed, where a segment is full, at damage.
SCAN_END, SCAN_FULL, SCAN_BAD = 0, 1, 2


@kernel
def journal_at(journal):
    """The JOURNAL record."""
    return record_at(journal, np.int64(0), JOURNAL)


@kernel
def mix(state, word):
    """One step: for each ``word`` a bijection of ``state``, and the other way round."""
    mixed = (np.uint64(state) ^ np.uint64(word)) * _FACTOR
    return np.int64(mixed ^ (mixed >> _33))


@kernel
def hash_bytes(address, length, seed):
    """A 64-bit hash of ``length`` bytes, a multiple of 8, at an aligned address."""
    state = mix(seed, length)
    for at in range(address, address + length, 8):
        state = mix(state, load_i64(at))
    return state


@kernel
def _padded(length):
    return (length + 7) & ~np.int64(7)


@kernel
def checksum_at(record, word, salt):
    """The checksum of a record whose first word is, or will be, ``word``."""
    state = mix(mix(mix(salt, word), load_i64(record + _SEQUENCE)), load_i64(record + _TIME))
    payload = record + RECORD_HEADER
    for at in range(payload, payload + _padded(word & _LENGTH_MASK), 8):
        state = mix(state, load_i64(at))
    return state


@kernel
def _seal(record, following, kind, length, salt):
    """Commit the record. What lies where the next one will begin becomes "nothing" first."""
    word = length | kind << 32 | COMMITTED
    store_i64(record + _CHECKSUM, checksum_at(record, word, salt))
    if following != 0:
        store_i64(following, 0)
    store_release(record, word)


@kernel
def _turn_over(journal, time_ns):
    """End the current segment and go on in the next. False if none is ready."""
    j = journal_at(journal)
    next_at = journal + _NEXT_BASE
    following = load_acquire(next_at)
    if following == 0:
        return False
    record = j.base + j.at
    store_i64(record + _SEQUENCE, j.sequence)
    store_i64(record + _TIME, time_ns)
    _seal(record, np.int64(0), SEGMENT_END, np.int64(0), j.salt)
    j.base, j.at = following, np.int64(SEGMENT_HEADER)
    store_release(journal + _NUMBER, j.next_number)
    store_release(next_at, 0)
    return True


@kernel
def claim_record(journal, kind, length, time_ns):
    """Room for a payload of ``length`` bytes, of record type ``kind`` (below 0xFFFF).

    Returns its address, or 0 if no segment is ready: the journal takes nothing more for now, and
    the caller should not take what it cannot write down. A claim that is not committed is void.
    """
    j = journal_at(journal)
    size = RECORD_HEADER + _padded(length)
    if j.size == 0:
        if size > j.room:
            return np.int64(0)
    elif j.at + size + RECORD_HEADER > j.size:  # there is always room for the end's record
        if size > j.size - SEGMENT_HEADER - RECORD_HEADER or not _turn_over(journal, time_ns):
            j.stalled += 1
            return np.int64(0)
    record = j.base + j.at
    store_i64(record + _SEQUENCE, j.sequence)
    store_i64(record + _TIME, time_ns)
    if length & 7:
        store_i64(record + size - 8, 0)
    j.claimed = length | kind << 32
    return record + RECORD_HEADER


@kernel
def commit_record(journal):
    """Make what was claimed part of the journal. Returns its sequence number."""
    j = journal_at(journal)
    length = j.claimed & _LENGTH_MASK
    kind = j.claimed >> 32
    sequence = j.sequence
    record = j.base + j.at
    size = RECORD_HEADER + _padded(length)
    if j.size == 0:
        store_i64(record, length | kind << 32 | COMMITTED)
    else:
        _seal(record, record + size, kind, length, j.salt)
        j.at += size
        j.bytes += size
    j.records += 1
    j.claimed = -1
    store_release(journal + _NEXT_SEQUENCE, sequence + 1)
    return sequence


@kernel
def append_record(journal, kind, source, length, time_ns):
    """Claim, copy and commit ``length`` bytes at ``source``. Returns the record's sequence number,
    or 0 if no segment is ready."""
    payload = claim_record(journal, kind, length, time_ns)
    if payload == 0:
        return np.int64(0)
    memcpy(payload, source, length)
    return commit_record(journal)


@kernel
def is_durable(journal):
    """Whether everything committed is on the disk."""
    j = journal_at(journal)
    return load_acquire(journal + SYNCED_AT) >= j.sequence


# --- reading ----------------------------------------------------------------------------------


@kernel
def _is_sound(record, room, salt):
    """Whether a whole record lies there, within ``room`` bytes."""
    word = load_i64(record)
    length = word & _LENGTH_MASK
    if word & COMMITTED == 0 or word >> 48 != COMMITTED >> 48 or length > MAX_PAYLOAD:
        return False
    if RECORD_HEADER + _padded(length) > room:
        return False
    return checksum_at(record, word, salt) == load_i64(record + _CHECKSUM)


@kernel
def scan(base, size, salt, words, most):
    """Walk over sound records in the segment of ``size`` bytes at ``base``, at most ``most``.

    ``words``: address of WORDS int64. Begins at the offset and with the sequence number that are
    there, and leaves there where it stopped. Returns SCAN_END, SCAN_FULL, SCAN_BAD, or -1 after
    ``most`` records.
    """
    at, sequence, records = load_i64(words), load_i64(words + 8), np.int64(0)
    status = np.int64(-1)
    while records < most:
        record = base + at
        if at + RECORD_HEADER > size or not (load_i64(record) == 0 or _is_sound(
                record, size - at, salt)):
            status = np.int64(SCAN_BAD)
            break
        word = load_acquire(record)
        if word == 0:
            status = np.int64(SCAN_END)
            break
        if load_i64(record + _SEQUENCE) != sequence:
            status = np.int64(SCAN_BAD)
            break
        store_i64(words + 24, load_i64(record + _TIME))
        if (word >> 32) & _TYPE_MASK == SEGMENT_END:
            status = np.int64(SCAN_FULL)
            break
        at += RECORD_HEADER + _padded(word & _LENGTH_MASK)
        sequence += 1
        records += 1
    store_i64(words, at)
    store_i64(words + 8, sequence)
    store_i64(words + 16, load_i64(words + 16) + records)
    return status


@kernel
def find_record(base, begin, size, salt, sequence):
    """Offset of the first sound record from ``begin`` on whose sequence number is ``sequence`` at
    least and plausible, or -1: what tells a damaged middle from a damaged end."""
    highest = sequence + 2 * (size // RECORD_HEADER)
    for at in range(begin, size - RECORD_HEADER + 1, 8):
        number = load_i64(base + at + _SEQUENCE)
        if number >= sequence and number <= highest and load_i64(base + at) != 0:
            if _is_sound(base + at, size - at, salt):
                return np.int64(at)
    return np.int64(-1)
