"""An actor whose state is a function of its journal: what its housekeeper does for it.

::

    class Thing(Actor):
        table_names = ("numbers", "orders", "durability")

        def tables(self):
            self._journal = ActorJournal(self, apply, ("numbers", "orders"), self.config.journal)
            return self._journal.declare({"numbers": ..., "orders": ...})

        def start(self):
            self._journal.start()            # recovers
        def housekeep(self, now_ns):
            self._journal.keep(now_ns)
        def stop(self):
            self._journal.end()

``apply`` is the one handler that changes the state tables, see :mod:`.inputs`; it is among the
class's ``handlers()``, and so is ``on_replay``; some timer's handler calls ``checkpoint_if_due``.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.runtime.actor import Table
from actors.runtime.clock import monotonic_ns
from actors.runtime.handler import Handler
from actors.runtime.histogram import HISTOGRAM
from actors.runtime.host import ActorError
from actors.runtime.journal.checkpoints import Checkpoint
from actors.runtime.journal.config import JournalConfig
from actors.runtime.journal.errors import JournalError
from actors.runtime.journal.formats import BEGINNING
from actors.runtime.journal.inputs import RECOVERY
from actors.runtime.journal.journal import Journal, JournalOptions
from actors.runtime.journal.kernels import append_record, hash_bytes
from actors.runtime.journal.reading import read_journal, read_records
from actors.runtime.journal.replaying import DURABILITY, replay_tail
from actors.runtime.journal.state_copy import GIVEN, NONE, WANTED, StateCopy
from actors.runtime.layout import COUNTERS, LOG_CAPACITY, LOG_RECORD, OUT_PORT, VITALS
from actors.runtime.logs import actor_logger

if TYPE_CHECKING:
    from actors.runtime.actor import Actor

__all__ = ["ActorJournal", "hash_tables"]

_BEGINNING, _COUNTED = "beginning", "counted"


class ActorJournal:
    """``state``: names of the tables that only ``apply`` changes. ``transient``: fields of them
    that are none of the state, such as addresses: 0 in checkpoints and hashes, kept in a recovery.
    ``counted``: names of counters that only ``apply`` counts: they too are recovered. ``terms``:
    whatever the meaning of the records depends on; the sizes of the tables are added."""

    def __init__(self, actor: Actor, apply: Handler, state: Sequence[str], config: JournalConfig,
                 transient: Mapping[str, Sequence[str]] | None = None,
                 counted: Sequence[str] = (), terms: Mapping[str, Any] | None = None):
        self._actor, self._apply, self._state, self._config = actor, apply, tuple(state), config
        self._transient = dict(transient or {})
        self._counted = [actor.counters.index(name) for name in counted]
        self._terms = dict(terms or {})
        self.recovered = False
        self._trouble = ""
        self._began = 0

    # ---- the beginning -----------------------------------------------------------------------

    def declare(self, tables: Mapping[str, Table]) -> dict[str, Table]:
        """The actor's tables, and the shared table ``durability``. Notes how the state begins."""
        self._initial = {name: np.ascontiguousarray(tables[name].array).copy()
                         for name in self._state}
        return {**tables, "durability": Table(np.zeros(1, DURABILITY), shared=True)}

    def start(self) -> None:
        """Opens the journal and recovers, or begins. For the actor's ``start``, before anything
        looks at the state. ActorError if the journal cannot be used."""
        self._began = monotonic_ns()
        actor, host = self._actor, self._actor.host
        self._log = actor_logger(host)
        self.table = host.tables["durability"]
        self.table[0] = np.zeros((), DURABILITY)
        self._live = {name: host.tables[name] for name in self._state}
        self._terms["tables"] = {name: [list(array.shape), array.itemsize]
                                 for name, array in self._live.items()}
        config = self._config
        folder = pathlib.Path(config.folder or f"{host.plan.run_dir}/journal/{actor.name}")
        try:
            self._open(folder)
            self._prepare_kernels()
            if self.journal.tail and self.journal.tail[-1].following > 1:
                self._recover(folder)
            else:
                self._begin()
        except JournalError as error:
            raise ActorError(f"{actor.name}: {error}") from None
        self._done = self.journal.checkpoint.sequence if self.journal.checkpoint else 1
        self.journal.forget()
        self._initial.clear()

    def _open(self, folder: pathlib.Path) -> None:
        config = self._config
        if config.durability != "none" and self._actor.epoch == 1 and not config.folder:
            Journal.set_aside(folder)
        self.journal = Journal(folder, JournalOptions(self._actor.kind, config.segment_mib << 20,
                                                      config.durability, config.keep))
        for note in self.journal.notes:
            self._log.warning("{}", note)

    def _prepare_kernels(self) -> None:
        host = self._actor.host
        self._record = np.zeros(1, RECOVERY)
        self._snapshot = StateCopy({**self._live, _COUNTED: host.vitals.counters}) \
            if self.journal.folder else None
        self._record[0] = (self.journal.address, self._apply.address,
                           self._snapshot.address if self._snapshot else 0, self.journal.durable,
                           0)
        host.ctx["journal"] = self._record.ctypes.data
        for name, initial in self._initial.items():
            self._replace(name, initial)  # what an incarnation before left in shared memory

    def _begin(self) -> None:
        if self.journal.folder is None:
            return
        first = {**self._terms, _COUNTED: [int(n) for n in self._actor.host.vitals.counters]}
        text = json.dumps(first).encode()
        payload = np.frombuffer(text, np.uint8)
        if append_record(self.journal.address, BEGINNING, payload.ctypes.data, payload.size,
                         monotonic_ns()) == 0:
            raise JournalError(f"{self.journal.folder}: no room for the first record; set "
                               f"journal.segment_mib higher")

    # ---- recovery ----------------------------------------------------------------------------

    def _recover(self, folder: pathlib.Path) -> None:
        mark, row = self.journal.checkpoint, self.table[0]
        beginning = self._beginning(folder, mark)
        self._check_terms(folder, beginning)
        before = np.array(beginning[_COUNTED], np.int64)
        if mark is not None:
            self._restore(mark)
            before = mark.blocks[_COUNTED].view(np.int64).copy()
        loaded = monotonic_ns()
        counted = np.zeros(COUNTERS, np.int64)
        row["replayed"] = self._replay(mark, counted)
        for counter in self._counted:
            self._actor.host.vitals.counters[counter] = before[counter] + counted[counter]
        replayed = monotonic_ns()
        self.recovered, row["recovered"] = True, self.journal.position[0] - 1
        row["recovered_hash"] = self.state_hash()
        row["load_ns"], row["replay_ns"] = loaded - self._began, replayed - loaded

    def _beginning(self, folder: pathlib.Path, mark: Checkpoint | None) -> dict[str, Any]:
        if mark is not None:
            return json.loads(mark.blocks[_BEGINNING].tobytes())
        return json.loads(next(read_records(read_journal(folder))).payload)

    def _check_terms(self, folder: pathlib.Path, beginning: Mapping[str, Any]) -> None:
        terms = json.loads(json.dumps(self._terms))
        changed = [name for name in terms if beginning.get(name) != terms[name]]
        if changed:
            raise JournalError(f"{folder} is a journal with other {', '.join(changed)}: change "
                               f"that back, or move the folder away to begin anew")

    def _restore(self, mark: Checkpoint) -> None:
        for name, live in self._live.items():
            self._replace(name, mark.blocks[name].view(live.dtype).reshape(live.shape))

    def _replace(self, name: str, content: np.ndarray) -> None:
        live = self._live[name]
        for field in self._transient.get(name, ()):
            content[field] = live[field]
        live[...] = content

    def _replay(self, mark: Checkpoint | None, counted: np.ndarray) -> int:
        """Replays against a context of its own: the same tables, but nothing that is logged,
        measured or sent gets anywhere."""
        host = self._actor.host
        ctx, vitals = host.ctx.copy(), np.zeros(1, VITALS)
        log = np.zeros(LOG_CAPACITY, LOG_RECORD)
        histograms = np.zeros(len(host.cls.histograms) + 1, HISTOGRAM)
        ports = host.ports.copy()
        ports["n_wires"], ports["tap"], ports["claimed"] = 0, 0, 0
        vitals["log_tail"] = -LOG_CAPACITY  # a ring that is always full takes nothing
        ctx["vitals"], ctx["log"] = vitals.ctypes.data, log.ctypes.data
        ctx["counters"], ctx["histograms"] = counted.ctypes.data, histograms.ctypes.data
        for i in range(len(host.cls.outputs)):
            ctx["ports"][i] = ports.ctypes.data + i * OUT_PORT.itemsize
        self._record["replaying"] = 1
        replayed = replay_tail(self.journal.tail, mark, self._apply.address, ctx.ctypes.data)
        self._record["replaying"] = 0
        return replayed

    def state_hash(self) -> int:
        """64 bits that two actors share if their states are the same. Not while kernels run."""
        return hash_tables(self._live, self._transient)

    # ---- while it runs -----------------------------------------------------------------------

    def keep(self, now_ns: int) -> None:
        """Every few milliseconds: the next segment, a checkpoint if it is time, what is shown.
        ActorError if the disk failed."""
        journal, row = self.journal, self.table[0]
        try:
            journal.maintain(now_ns)
        except JournalError as error:
            raise ActorError(f"{self._actor.name}: {error}") from None
        self._tell(journal.trouble)
        sequence = int(journal.record[0]["sequence"])
        row["sequence"] = sequence - 1
        row["synced"] = min(int(journal.record[0]["synced"]), sequence) - 1
        row["stalled"] = journal.record[0]["stalled"]
        if self._snapshot is None:
            return
        if self._snapshot.stage == GIVEN:
            self._write_checkpoint()
            self._snapshot.stage = NONE
            self._done = sequence
        elif self._snapshot.stage == NONE \
                and sequence - self._done >= self._config.checkpoint_every:
            self._snapshot.stage = WANTED

    def _write_checkpoint(self) -> None:
        row, position = self.table[0], self._snapshot.position
        copies = {name: copy.view(self._live[name].dtype).reshape(self._live[name].shape)
                  for name, copy in self._snapshot.copies.items() if name != _COUNTED}
        for name, fields in self._transient.items():
            for field in fields:
                copies[name][field] = 0
        beginning = json.dumps({**self._terms, _COUNTED: []}).encode()
        blocks = {**self._snapshot.copies, _BEGINNING: np.frombuffer(beginning, np.uint8)}
        try:
            self.journal.write_checkpoint(position, blocks)
        except JournalError as error:
            self._tell(str(error))
            return
        row["checkpoint"], row["copy_ns"] = position[0], self._snapshot.record[0]["took_ns"]
        row["checkpoint_hash"] = hash_tables(copies, {})
        self._log.debug("checkpoint before record {:,}, state hash {:016x}, copied in {:.1f} ms",
                        position[0], int(row["checkpoint_hash"]), row["copy_ns"] / 1e6)

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._log.error("{}; nothing more is taken when the journal is full", trouble)
        self._trouble = trouble

    def announce(self) -> None:
        """Says once what was recovered, when the actor is ready."""
        row = self.table[0]
        if self.recovered and row["ready_ns"] == 0:
            row["ready_ns"] = monotonic_ns() - self._began
            self._log.warning(
                "recovered {:,} records ({:,} replayed) in {:.0f} ms: load {:.0f} ms, replay "
                "{:.0f} ms; state hash {:016x}", row["recovered"], row["replayed"],
                row["ready_ns"] / 1e6, row["load_ns"] / 1e6, row["replay_ns"] / 1e6,
                int(row["recovered_hash"]))

    def end(self) -> None:
        """The actor stops; what it wrote stays."""
        self.journal.drop_spare()


def hash_tables(tables: Mapping[str, np.ndarray],
                transient: Mapping[str, Sequence[str]]) -> int:
    """A 64-bit hash of arrays, without the ``transient`` fields, by table."""
    digest = 0
    for name, table in tables.items():
        array = np.ascontiguousarray(table)
        if name in transient:
            array = array.copy()
            for field in transient[name]:
                array[field] = 0
        memory = array.reshape(-1).view(np.uint8)
        if memory.size % 8 or memory.ctypes.data % 8:
            memory = np.concatenate([memory, np.zeros(-memory.size % 8, np.uint8)])
        digest = hash_bytes(memory.ctypes.data, memory.size, digest)
    return digest & 2**64 - 1
