"""Reading a journal: what is in it, where it ends, and whether it is sound.

A journal may be read while it is written, by any process.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from actors.runtime.journal.errors import JournalError
from actors.runtime.journal.kernels import SCAN_BAD, SCAN_FULL, find_record, scan
from actors.runtime.journal.layout import RECORD_HEADER, SEGMENT_HEADER, WORDS
from actors.runtime.journal.segments import Segment, list_segments, map_segment

__all__ = ["Damage", "JournalRecord", "Part", "Reading", "open_segments", "read_journal",
           "read_records", "read_segment"]

_ALL = 2**62


@dataclass(frozen=True)
class JournalRecord:
    """One record. ``payload`` is a copy."""

    sequence: int
    kind: int
    time_ns: int
    payload: bytes
    segment: int
    offset: int


@dataclass(frozen=True)
class Part:
    """What lies in one segment: records ``first`` to ``following`` - 1, up to offset ``end``.
    ``full``: the next segment goes on."""

    segment: Segment
    first: int
    following: int
    end: int
    full: bool


@dataclass(frozen=True)
class Damage:
    """Bytes that are no record where one should be. ``next_sound``: offset and sequence number of
    a sound record behind, in the file ``next_path``; without one, it is the journal's tail."""

    path: pathlib.Path
    offset: int
    sequence: int
    dropped: int
    next_path: pathlib.Path | None = None
    next_sound: tuple[int, int] | None = None

    @property
    def in_the_middle(self) -> bool:
        return self.next_sound is not None

    def __str__(self) -> str:
        where = f"{self.path}: at offset {self.offset:,}, where record {self.sequence:,} should be"
        if self.next_sound is None:
            return f"{where}, the last {self.dropped:,} bytes are damaged; nothing sound follows"
        offset, sequence = self.next_sound
        return (f"{where}, the journal is damaged, and record {sequence:,} follows at offset "
                f"{offset:,} of {self.next_path.name}")


@dataclass
class Reading:
    """A journal as it was found. ``unfinished``: behind the last record there is the beginning of
    one that was never committed."""

    folder: pathlib.Path
    kind: str
    salt: int
    parts: list[Part] = field(default_factory=list)
    spare: list[Segment] = field(default_factory=list)
    damage: Damage | None = None
    unfinished: bool = False

    @property
    def first(self) -> int:
        """Sequence number of the oldest record, if there is any."""
        return self.parts[0].first

    @property
    def following(self) -> int:
        """Sequence number of the next record to come."""
        return self.parts[-1].following

    @property
    def records(self) -> int:
        return self.following - self.first


def open_segments(folder: pathlib.Path, begin: int = 0, write: bool = False) -> list[Segment]:
    """The segments from number ``begin`` on, mapped. JournalError if one is missing, damaged, or of
    another journal."""
    paths = {n: path for n, path in list_segments(folder).items() if n >= begin}
    segments = [map_segment(path, write) for path in paths.values()]
    for expected, segment in enumerate(segments, next(iter(paths), 0)):
        if segment.number != expected:
            raise JournalError(f"{folder}: segment {expected} of the journal is missing between "
                               f"{expected - 1} and {segment.number}; bring it back from a copy, "
                               f"or move the folder away to begin anew")
        if segment.salt != segments[0].salt:
            raise JournalError(f"{segment.path} belongs to another journal than "
                               f"{segments[0].path.name} beside it; move it away")
    return segments


def read_journal(folder: pathlib.Path, begin: int = 0, sequence: int = 1,
                 write: bool = False) -> Reading:
    """Walks over the journal in ``folder``, from segment number ``begin`` on.

    ``sequence``: of the first record, where there is none to tell. JournalError if there is no
    journal, or its files do not belong together; damage among the records is reported in the
    result.
    """
    segments = open_segments(folder, begin, write)
    if not segments:
        raise JournalError(f"{folder}: there is no journal here (no file segment-...)")
    kind = segments[0].header["kind"].decode("ascii", "replace")
    reading = Reading(folder, kind, segments[0].salt)
    for place, segment in enumerate(segments):
        if reading.parts and not reading.parts[-1].full:
            reading.spare.append(segment)
            continue
        following = reading.following if reading.parts else sequence
        part, bad = _read_part(segment, following, first=place == 0)
        reading.parts.append(part)
        if not part.full:
            reading.damage = _look_behind(part, segments[place + 1:], bad)
            reading.unfinished = not bad and _begins_record(part)
    return reading


def read_segment(path: pathlib.Path) -> Reading:
    """The same of one segment alone, which need not lie in a journal's folder."""
    segment = map_segment(path)
    part, bad = _read_part(segment, 1, first=True)
    kind = segment.header["kind"].decode("ascii", "replace")
    reading = Reading(path.parent, kind, segment.salt, [part])
    if not part.full:
        reading.damage = _look_behind(part, [], bad)
        reading.unfinished = not bad and _begins_record(part)
    return reading


def _read_part(segment: Segment, sequence: int, first: bool) -> tuple[Part, bool]:
    """What lies in one segment, and whether there is damage at its end."""
    words = np.zeros(WORDS, np.int64)
    place = segment.address, segment.size, segment.salt, words.ctypes.data
    if first:
        told = int(segment.memory[SEGMENT_HEADER:][:RECORD_HEADER].view(np.int64)[1])
        words[:2] = SEGMENT_HEADER, told
        if scan(*place, 1) == -1:
            sequence = told
    words[:] = SEGMENT_HEADER, sequence, 0, 0
    status = scan(*place, _ALL)
    part = Part(segment, sequence, int(words[1]), int(words[0]), status == SCAN_FULL)
    return part, status == SCAN_BAD


def _look_behind(part: Part, later: list[Segment], bad: bool) -> Damage | None:
    """The damage at the end of ``part``, if there is any."""
    segment, dropped, sequence = part.segment, 0, part.following
    if part.first == part.following:  # nothing sound here: what its number was is a guess
        sequence = max(1, sequence - segment.size // RECORD_HEADER)
    at = find_record(segment.address, part.end + 8, segment.size, segment.salt, sequence)
    if at >= 0 and not bad and segment.memory[part.end:part.end + 8].any():
        return None  # written meanwhile: it is being appended to
    if bad:
        dropped = int(np.flatnonzero(segment.memory[part.end:])[-1]) + 1
    found, holder = at, segment
    for other in later if at < 0 else ():
        found, holder = find_record(other.address, SEGMENT_HEADER, other.size, other.salt,
                                    sequence), other
        if found >= 0:
            break
    if found >= 0:
        number = int(holder.memory[found + 8:found + 16].view(np.int64)[0])
        return Damage(segment.path, part.end, part.following, dropped, holder.path,
                      (int(found), number))
    return Damage(segment.path, part.end, part.following, dropped) if bad else None


def _begins_record(part: Part) -> bool:
    behind = part.segment.memory[part.end + 8:part.end + RECORD_HEADER]
    return bool(behind.any())


def read_records(reading: Reading, begin: int = 1) -> Iterator[JournalRecord]:
    """The records from sequence number ``begin`` on."""
    for part in reading.parts:
        if part.following <= begin:
            continue
        offset = SEGMENT_HEADER
        for sequence in range(part.first, part.following):
            head = part.segment.memory[offset:offset + RECORD_HEADER].view(np.int64)
            word = int(head[0])
            length = word & 0xFFFFFFFF
            if sequence >= begin:
                payload = part.segment.memory[offset + RECORD_HEADER:][:length].tobytes()
                yield JournalRecord(sequence, word >> 32 & 0xFFFF, int(head[2]), payload,
                                    part.segment.number, offset)
            offset += RECORD_HEADER + (length + 7 & ~7)
