"""What the exchange does so that nothing is lost: journal, checkpoints, recovery.

All of it on the housekeeper's thread, but for writing records and copying the state, which are the
reactor's (:mod:`.inputs`, :mod:`actors.runtime.journal.state_copy`).
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from actors.exchange.config import ExchangeConfig
from actors.exchange.inputs import InputType, apply_input
from actors.exchange.sequenced_log import LOG
from actors.exchange.state_blocks import (
    COUNTED_INPUTS, hash_copies, live_blocks, restore_blocks, state_hash, without_addresses,
)
from actors.exchange.stream_file import StreamFile
from actors.exchange.venue import Venue
from actors.runtime.clock import monotonic_ns
from actors.runtime.journal import (
    Checkpoint, Journal, JournalError, JournalOptions, append_record, read_records,
)
from actors.runtime.journal.layout import RECORD_HEADER
from actors.runtime.journal.reading import read_journal
from actors.runtime.journal.replaying import DURABILITY, call_compiled, replay_tail
from actors.runtime.journal.state_copy import GIVEN, NONE, WANTED, StateCopy

__all__ = ["Durability"]

_COUNTERS = 64
_STATE_CONFIG = ("tick", "collar", "prices", "flow", "accounts")
_STREAMS, _ENDED = "streams", "ended"
_AFTER_CLOSE = 4_096  # records: what clients still ask for, and are refused, once the day is over


class Durability:
    """The journal of one exchange. ``table`` is a DURABILITY; ``session`` the day's session, once
    :meth:`begin` was called."""

    def __init__(self, venue: Venue, config: ExchangeConfig, symbols: tuple[str, ...]):
        self._venue, self._config, self._symbols = venue, config, symbols
        self._tokens = venue.ouch42.tokens if venue.ouch42 else None
        self.table = np.zeros(1, DURABILITY)
        self.session, self.recovered = "", False
        self._due = config.journal.checkpoint_every
        self._trouble = ""

    # ---- the beginning -----------------------------------------------------------------------

    def begin(self, folder: pathlib.Path, lasts: bool, epoch: int, session: str,
              counters: np.ndarray, log) -> None:
        """Opens the journal in ``folder`` and recovers the day it holds, or begins a new one with
        the id ``session``. ``lasts``: the folder is meant to outlive a run. JournalError if the
        journal cannot be used."""
        began = monotonic_ns()
        config = self._config.journal
        self._log, self._counters, self._folder = log, counters, folder
        options = JournalOptions("exchange", config.segment_mib << 20, config.durability,
                                 config.keep)
        if config.durability != "none":
            self._make_way(folder, lasts, epoch)
        self.journal = Journal(folder, options)
        for note in self.journal.notes:
            log.warning("{}", note)
        record = self._venue.record[0]
        record["journal"], record["apply"] = self.journal.address, apply_input.address
        record["holds"] = self.journal.durable
        self._streams = StreamFile(folder / _STREAMS, self._venue.logs) \
            if self.journal.folder else None
        self._prepare_snapshots()
        if self.journal.tail and self.journal.tail[-1].following > 1:
            self._recover(began)
        else:
            self._begin_day(session)
        logs = self._venue.logs.logs
        logs["limit"] = logs["marked"] = logs["end"]
        logs["holds"] = self.journal.durable
        self._done = self._work_at_checkpoint()
        self.journal.forget()

    def _work_at_checkpoint(self) -> tuple[int, int]:
        """Records written and market data messages published before the last checkpoint."""
        mark = self.journal.checkpoint
        if mark is None:
            return 1, 1
        return mark.sequence, int(mark.blocks["logs"].view(LOG)["next_seq"][0])

    def _work(self) -> tuple[int, int]:
        return (int(self.journal.record[0]["sequence"]),
                int(self._venue.logs.logs[0]["next_seq"]))

    def _make_way(self, folder: pathlib.Path, lasts: bool, epoch: int) -> None:
        """Sets the journal of another day aside."""
        if self._config.on_restart == "clear" or _was_ended(folder) \
                or epoch == 1 and (not lasts or _is_over(folder)):
            aside = Journal.set_aside(folder)
            if aside is not None and epoch > 1:
                self._log.warning("the journal until now is kept in {}", aside)

    def _begin_day(self, session: str) -> None:
        self.session = session
        if self.journal.folder is None:
            return
        day = {"session": session, **self._terms(), "counters": [int(n) for n in self._counters],
               "hash": int(self._tokens["multiplier"][0]) if self._tokens is not None else 0}
        self._append(InputType.DAY, 0, json.dumps(day).encode())

    def _terms(self) -> dict[str, Any]:
        """What a journal's records mean depends on this part of the config."""
        config = self._config.model_dump(mode="json")
        terms = {name: config[name] for name in _STATE_CONFIG if name in config}
        for account in terms["accounts"]:
            account.pop("password", None)
        capacity = {name: value for name, value in config["capacity"].items()
                    if name not in ("sessions", "send_buffer_kib")}
        return {"symbols": list(self._symbols), "capacity": capacity, **terms,
                "order_entry_ouch42": self._config.order_entry_ouch42 is not None}

    def _append(self, kind: InputType, number: int, message: bytes = b"") -> None:
        payload = np.frombuffer(number.to_bytes(8, "little", signed=True) + message, np.uint8)
        if append_record(self.journal.address, int(kind), payload.ctypes.data, payload.size,
                         0) == 0:
            raise JournalError(f"{self._folder}: no room for the first record of the day; set "
                               f"journal.segment_mib higher")

    # ---- recovery ----------------------------------------------------------------------------

    def _recover(self, began: int) -> None:
        mark, row = self.journal.checkpoint, self.table[0]
        day = self._day(mark)
        self._check_terms(day)
        self.session = day["session"]
        counted = np.zeros(_COUNTERS, np.int64)
        before = np.array(day["counters"] + [0] * _COUNTERS, np.int64)[:_COUNTERS]
        if mark is not None:
            try:
                restore_blocks(self._venue, mark.blocks)
            except ValueError as error:
                raise JournalError(f"{mark.path} is not of an exchange like this: {error}; set "
                                   f"on_restart: clear to begin anew") from None
            self._streams.load()
            before = mark.blocks["counters"].view(np.int64).copy()
        elif self._tokens is not None:
            self._tokens["multiplier"] = day["hash"]
        loaded = monotonic_ns()
        self._venue.record[0]["counters"] = counted.ctypes.data
        row["replayed"] = replay_tail(self.journal.tail, mark, apply_input.address,
                                      self._venue.address)
        replayed = monotonic_ns()
        for counter in COUNTED_INPUTS:
            self._counters[counter] = before[counter] + counted[counter]
        self.recovered, row["recovered"] = True, self.journal.position[0] - 1
        row["recovered_hash"] = state_hash(self._venue)
        row["load_ns"], row["replay_ns"] = loaded - began, replayed - loaded
        self._began = began
        self._resume()

    def _day(self, mark: Checkpoint | None) -> dict[str, Any]:
        if mark is not None:
            return json.loads(mark.blocks["day"].tobytes())
        reading = read_journal(self._folder)
        first = next(read_records(reading))
        return json.loads(first.payload[8:])

    def _check_terms(self, day: dict[str, Any]) -> None:
        terms = self._terms()
        changed = [name for name in terms if json.dumps(day.get(name)) != json.dumps(terms[name])]
        if changed:
            raise JournalError(f"{self._folder} is the journal of a day with other "
                               f"{', '.join(changed)}: change that back, or set on_restart: clear "
                               f"to begin a new day")

    def _resume(self) -> None:
        """The flow goes on from where it was, as if no time had passed."""
        self._venue.record[0]["counters"] = self._counters.ctypes.data
        stood_still = monotonic_ns() - int(self._venue.record[0]["flow_ns"])
        self._append(InputType.RESUME, stood_still)
        end = int(self.journal.record[0]["base"]) + int(self.journal.record[0]["at"])
        call_compiled(apply_input.address, self._venue.address, end - RECORD_HEADER - 8)

    def announce(self) -> None:
        """Says what was recovered, once clients can connect."""
        row = self.table[0]
        if self.recovered:
            row["ready_ns"] = monotonic_ns() - self._began
            self._log.warning(
                "recovered {:,} records ({:,} replayed) in {:.0f} ms: load {:.0f} ms, replay "
                "{:.0f} ms; state hash {:016x}; the day goes on, session {}", row["recovered"],
                row["replayed"], row["ready_ns"] / 1e6, row["load_ns"] / 1e6,
                row["replay_ns"] / 1e6, int(row["recovered_hash"]), self.session)

    # ---- checkpoints -------------------------------------------------------------------------

    def _prepare_snapshots(self) -> None:
        if self._streams is None:
            return
        blocks = live_blocks(self._venue)
        blocks["counters"] = self._counters
        self._snapshot = StateCopy(blocks)
        self._copies = self._snapshot.copies
        self._venue.record[0]["snapshot"] = self._snapshot.address

    def keep(self, now_ns: int) -> None:
        """Every few milliseconds: the next segment, a checkpoint if it is time, what is shown."""
        journal, row = self.journal, self.table[0]
        journal.maintain(now_ns)
        self._tell(journal.trouble)
        work = sequence, _ = self._work()
        row["sequence"], row["synced"] = sequence - 1, min(int(journal.record[0]["synced"]),
                                                           sequence) - 1
        row["stalled"] = journal.record[0]["stalled"]
        if self._streams is None:
            return
        snapshot = self._snapshot
        if snapshot.stage == GIVEN:
            self._write_checkpoint()
            snapshot.stage = NONE
            self._done = work
        elif snapshot.stage == NONE and max(map(int.__sub__, work, self._done)) >= self._due:
            snapshot.stage = WANTED

    def _write_checkpoint(self) -> None:
        row, copies, position = self.table[0], self._copies, self._snapshot.position
        without_addresses(copies)
        logs = copies["logs"].view(LOG)
        try:
            self._streams.save(logs["end"].copy(), logs["next_seq"].copy(), self.journal.durable)
            day = {"session": self.session, **self._terms(), "counters": []}
            blocks = {**copies, "day": np.frombuffer(json.dumps(day).encode(), np.uint8)}
            self.journal.write_checkpoint(position, blocks)
        except JournalError as error:
            self._tell(str(error))
            return
        row["checkpoint"], row["copy_ns"] = position[0], self._snapshot.record[0]["took_ns"]
        row["checkpoint_hash"] = hash_copies({name: copies[name]
                                              for name in live_blocks(self._venue)})
        self._log.debug("checkpoint before record {:,}, state hash {:016x}, copied in {:.1f} ms",
                        position[0], int(row["checkpoint_hash"]), row["copy_ns"] / 1e6)

    def end(self) -> None:
        """The day is over and everybody was told; nothing more is written, and whoever starts next
        begins another day."""
        self.journal.drop_spare()
        if self.journal.folder is not None:
            (self._folder / _ENDED).touch()

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._log.error("{}; until then orders wait when the journal is full", trouble)
        self._trouble = trouble


def _is_over(folder: pathlib.Path) -> bool:
    """Whether the day in the folder's journal was closed."""
    if not folder.is_dir() or not any(folder.glob("segment-*")):
        return False
    reading = read_journal(folder)
    first = max(reading.following - _AFTER_CLOSE, reading.first)
    return any(record.kind == InputType.CLOSE for record in read_records(reading, first))


def _was_ended(folder: pathlib.Path) -> bool:
    """Whether the exchange was stopped in good order after the end of the day in the journal."""
    return (folder / _ENDED).exists()
