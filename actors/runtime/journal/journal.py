"""A journal as its writer's housekeeper has it: opened, kept going, synced, closed."""

from __future__ import annotations

import os
import pathlib
import secrets
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from actors.runtime.clock import NS
from actors.runtime.journal.checkpoints import (
    Checkpoint, list_checkpoints, read_checkpoint, write_checkpoint,
)
from actors.runtime.journal.errors import JournalError
from actors.runtime.journal.layout import (
    DURABILITIES, JOURNAL, RECORD_HEADER, SEGMENT_HEADER, SMALLEST_SEGMENT,
)
from actors.runtime.journal.reading import Damage, Part, Reading, read_journal
from actors.runtime.journal.segments import (
    Segment, filesystem_of, list_segments, lock_folder, make_segment, segment_path,
)

__all__ = ["Journal", "JournalOptions"]

_RETRY_NS = NS          # after a segment could not be made
_SCRATCH = 1 << 17      # room for a record where there is no journal
_SYNC_EVERY_S = 0.0002  # looks for something to sync
_IN_MEMORY = ("tmpfs", "ramfs")
_CHECKPOINTS_KEPT = 2   # the older in case the newest cannot be read


@dataclass(frozen=True)
class JournalOptions:
    """``kind`` names who writes: ``pitwire journal show`` finds by it how to print the records.
    ``keep``: segments before the last checkpoints are not deleted."""

    kind: str
    segment_bytes: int = 16 << 20
    durability: str = "process"
    keep: bool = False

    def __post_init__(self):
        if self.durability not in DURABILITIES:
            raise ValueError(f"durability {self.durability!r}: {', '.join(DURABILITIES)}")
        if self.segment_bytes < SMALLEST_SEGMENT or self.segment_bytes % 4096:
            raise ValueError(f"segments of {self.segment_bytes} bytes: whole pages of 4096 bytes, "
                             f"{SMALLEST_SEGMENT} at least")


class Journal:
    """An open journal. Kernels take ``address``; everything else is the housekeeper's.

    ``checkpoint`` is the newest there is, after opening with its blocks until :meth:`forget`;
    ``tail`` the segments with what was written since: apply it before the first record is
    claimed. ``notes`` are sentences about what was found at opening. ``trouble`` says why no
    segment could be made, while that is so.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, options: JournalOptions):
        """Opens the journal in ``folder``, or makes a new one there. ``None``, or durability
        ``none``: there is none; a claim gets the same memory each time.

        JournalError if it is damaged anywhere but at its end, or cannot be written.
        """
        self.options = options
        self.record = np.zeros(1, JOURNAL)
        self.record["claimed"], self.record["sequence"], self.record["synced"] = -1, 1, 1
        self.notes: list[str] = []
        self.trouble = ""
        self._failure = ""
        self.checkpoint: Checkpoint | None = None
        self.tail: list[Part] = []
        self._segments: dict[int, Segment] = {}
        self._retry_ns = 0
        self._syncer: threading.Thread | None = None
        self.folder = None if options.durability == "none" or folder is None \
            else pathlib.Path(folder)
        if self.folder is None:
            self._scratch = np.zeros(_SCRATCH + RECORD_HEADER, np.uint8)
            self.record["base"], self.record["room"] = self._scratch.ctypes.data, _SCRATCH
            self.record["synced"] = 2**62
            return
        self._make_folder()
        self._open()
        if self.durable:
            self.sync()
            self._start_syncing()
        else:
            self.record["synced"] = 2**62

    # ---- opening -----------------------------------------------------------------------------

    @property
    def address(self) -> int:
        """What kernels take as ``journal``."""
        return self.record.ctypes.data

    @property
    def durable(self) -> bool:
        return self.options.durability == "disk"

    @property
    def position(self) -> tuple[int, int, int]:
        """Sequence number, segment and offset of the next record. While a kernel writes it may be
        asked for by that thread alone."""
        row = self.record[0]
        return int(row["sequence"]), int(row["number"]), int(row["at"])

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = lock_folder(self.folder)
            for leftover in self.folder.glob("*.new"):
                leftover.unlink()
        except OSError as error:
            raise JournalError(f"cannot make the journal's folder {self.folder}: "
                               f"{error.strerror}; choose another (journal.folder)") from error

    def _open(self) -> None:
        kind = filesystem_of(self.folder)
        if self.durable and kind in _IN_MEMORY:
            self.notes.append(f"{self.folder} is in memory ({kind}): what is synced there ends "
                              f"with the machine; choose a folder on a disk (journal.folder)")
        if list_segments(self.folder):
            self.checkpoint = self._newest_checkpoint()
            self._continue()
        else:
            for path in list_checkpoints(self.folder):
                raise JournalError(f"{self.folder}: {path.name} is there but no segment of the "
                                   f"journal; bring them back from a copy, or move the folder away "
                                   f"to begin anew")
            self._begin(1, 1, secrets.randbits(63) | 1)
        self.maintain(0)
        if self.trouble:
            raise JournalError(self.trouble)

    def _newest_checkpoint(self) -> Checkpoint | None:
        for path in list_checkpoints(self.folder):
            try:
                return read_checkpoint(path)
            except JournalError as error:
                self.notes.append(f"{error}; the one before it is taken")
                path.rename(path.with_name(path.name + ".damaged"))
        return None

    def _continue(self) -> None:
        mark = self.checkpoint
        begin, sequence = (mark.segment, mark.sequence) if mark else (0, 1)
        reading = read_journal(self.folder, begin, sequence, write=True)
        self._refuse(reading)
        last = reading.parts[-1]
        for spare in reading.spare:
            spare.path.unlink()
        if reading.damage is not None:
            self.notes.append(f"{reading.damage}: they were cut off; record "
                              f"{reading.following - 1:,} is the last")
            last.segment.clear_from(last.end)
        elif reading.unfinished:
            self.notes.append(f"{last.segment.path}: a record that was begun at offset "
                              f"{last.end:,} and never committed was dropped")
            last.segment.clear_from(last.end)
        self.tail = reading.parts
        self._segments = {part.segment.number: part.segment for part in reading.parts}
        if last.full:
            self._begin(last.segment.number + 1, reading.following, reading.salt)
        else:
            self._enter(last.segment, last.end, reading.following)

    def _refuse(self, reading: Reading) -> None:
        """JournalError if what is there cannot be continued."""
        damage, mark = reading.damage, self.checkpoint
        if damage is not None and damage.in_the_middle:
            raise JournalError(
                f"{damage}. Bring the file back from a copy; or give up everything from record "
                f"{damage.sequence:,} on with `pitwire journal cut {self.folder}`; or move the "
                f"folder away, or set on_restart: clear, to begin anew")
        if mark is None and reading.first != 1:
            raise JournalError(f"{self.folder}: the journal begins with record {reading.first:,} "
                               f"and there is no readable checkpoint to begin with; bring it back "
                               f"from a copy, or move the folder away to begin anew")
        if mark is not None and (mark.salt != reading.salt or mark.sequence > reading.following):
            raise JournalError(f"{mark.path} does not belong to the journal beside it, which ends "
                               f"with record {reading.following - 1:,}; move it away")
        if reading.kind != self.options.kind:
            raise JournalError(f"{self.folder} holds the journal of a {reading.kind}, not of a "
                               f"{self.options.kind}; choose another folder (journal.folder)")

    def _begin(self, number: int, sequence: int, salt: int) -> None:
        segment = make_segment(self.folder, number, self.options.segment_bytes, salt,
                               self.options.kind, self.durable)
        self._segments[number] = segment
        self._enter(segment, SEGMENT_HEADER, sequence)

    def _enter(self, segment: Segment, at: int, sequence: int) -> None:
        row = self.record[0]
        row["base"], row["size"], row["number"] = segment.address, segment.size, segment.number
        row["at"], row["sequence"], row["salt"] = at, sequence, segment.salt
        row["synced"] = 0  # what a killed writer wrote may be in memory only

    def forget(self) -> None:
        """Lets go of what only recovery needs."""
        self.tail = []
        if self.checkpoint is not None:
            self.checkpoint.blocks.clear()

    # ---- while it is written -----------------------------------------------------------------

    def maintain(self, now_ns: int) -> None:
        """Makes the next segment if there is none, and lets go of those that are full. A failure
        is left in ``trouble`` and tried again a second later. JournalError if the disk failed."""
        row = self.record[0]
        if self.folder is None:
            return
        if self._failure:
            raise JournalError(self._failure)
        taken = row["next_base"] == 0  # asked first: the kernel sets the number before it
        number = int(row["number"])
        if self._syncer is None:
            for full in [n for n in self._segments if n < number - 1]:
                del self._segments[full]
        if not taken or now_ns < self._retry_ns:
            return
        try:
            segment = make_segment(self.folder, number + 1, int(row["size"]), int(row["salt"]),
                                   self.options.kind, self.durable)
        except JournalError as error:
            self.trouble, self._retry_ns = str(error), now_ns + _RETRY_NS
            return
        self.trouble = ""
        self._segments[number + 1] = segment
        row["next_number"] = number + 1
        row["next_base"] = segment.address

    def write_checkpoint(self, position: tuple[int, int, int],
                         blocks: Mapping[str, np.ndarray]) -> Checkpoint:
        """Writes down the state before ``position``, then deletes what no checkpoint kept needs.
        JournalError if it could not be written: everything is kept then."""
        made = write_checkpoint(self.folder, int(self.record[0]["salt"]), position, blocks,
                                self.durable)
        paths = list_checkpoints(self.folder)
        for path in paths[_CHECKPOINTS_KEPT:]:
            path.unlink()
        before = self.checkpoint
        if before is not None and before.sequence < made.sequence and not self.options.keep:
            self._delete_before(before.segment)
        self.checkpoint = replace(made, blocks={})
        return made

    def _delete_before(self, number: int) -> None:
        for old, path in list_segments(self.folder).items():
            if old < number:
                path.unlink(missing_ok=True)

    # ---- durability: disk --------------------------------------------------------------------

    def _start_syncing(self) -> None:
        self._closing = threading.Event()
        self._syncer = threading.Thread(target=self._keep_syncing, name="journal", daemon=True)
        self._syncer.start()

    def stop_syncing(self) -> None:
        """Leaves it to :meth:`sync`."""
        self._closing.set()
        self._syncer.join()

    def _keep_syncing(self) -> None:
        while not self._closing.is_set():
            try:
                if not self.sync():
                    self._closing.wait(_SYNC_EVERY_S)
            except OSError as error:
                self._failure = (f"{self.folder}: the journal cannot be written to the disk: "
                                 f"{error.strerror}; what was acknowledged is there")
                return

    def sync(self) -> bool:
        """Waits until everything committed so far is on the disk, and says so in ``synced``.
        Returns whether there was anything. OSError if the disk does not take it."""
        row = self.record[0]
        sequence = int(row["sequence"])
        if sequence <= int(row["synced"]):
            return False
        number = int(row["number"])  # read after: what was committed lies there or before
        for held in sorted(n for n in list(self._segments) if n <= number):
            segment = self._segments.get(held)
            if segment is not None:
                segment.sync()
            if held < number - 1:
                self._segments.pop(held, None)
        self.record["synced"] = sequence
        return True

    # ---- the end -----------------------------------------------------------------------------

    def close(self) -> None:
        """Orderly end, once no kernel writes any more: the segment in waiting is deleted."""
        if self.folder is None:
            return
        if self._syncer is not None:
            self.stop_syncing()
            self.sync()
        self.drop_spare()
        row = self.record[0]
        row["next_base"] = 0
        self._lock.close()
        self._segments.clear()
        self.tail = []
        row["size"], row["base"], row["room"] = 0, 0, 0

    def drop_spare(self) -> None:
        """Deletes the segment in waiting: nothing more will be written."""
        row = self.record[0]
        if self.folder is not None and row["next_base"] != 0:
            segment_path(self.folder, int(row["next_number"])).unlink(missing_ok=True)

    @staticmethod
    def cut(folder: pathlib.Path) -> Damage | None:
        """Gives up everything from a journal's first damage on. Returns the damage; None if there
        is none. JournalError if somebody writes it."""
        with lock_folder(folder):
            return Journal._cut(folder)

    @staticmethod
    def _cut(folder: pathlib.Path) -> Damage | None:
        reading = read_journal(folder, write=True)
        if reading.damage is None:
            return None
        last = reading.parts[-1]
        last.segment.clear_from(last.end)
        for number, path in list_segments(folder).items():
            if number > last.segment.number:
                path.unlink()
        for path in list_checkpoints(folder):
            if read_checkpoint(path).sequence > reading.following:
                path.unlink()
        return reading.damage

    @staticmethod
    def set_aside(folder: str | os.PathLike[str]) -> pathlib.Path | None:
        """Renames a journal's folder, so that a new one begins: to ``<folder>.previous``, in place
        of what was set aside before. Returns where it is; None if there was none."""
        folder = pathlib.Path(folder)
        if not folder.is_dir() or not any(folder.iterdir()):
            return None
        previous = folder.with_name(folder.name + ".previous")
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)
        return previous
