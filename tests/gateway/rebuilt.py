"""A gateway's state, made from nothing but a journal: the whole of it, or of its first records."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil

import numpy as np
import zmq

from actors.gateway.apply import apply
from actors.runtime.host import ActorHost
from actors.runtime.journal import append_record, read_journal, read_records
from actors.runtime.journal.layout import RECORD_HEADER
from actors.runtime.journal.replaying import call_compiled
from actors.runtime.plan import Plan
from actors.runtime.vitals import map_deployment, map_wires

__all__ = ["Rebuilt", "records_of"]


def records_of(plan: Plan):
    """The records of the gateway's journal in a run."""
    return list(read_records(read_journal(pathlib.Path(plan.run_dir) / "journal" / "gateway")))


class Rebuilt:
    """A gateway of ``plan`` in new folders, recovered from the first ``records`` of its journal,
    or from all of it. Nothing is connected."""

    def __init__(self, plan: Plan, root: pathlib.Path, records: int | None = None):
        journal, shm = root / "journal", root / "shm"
        shm.mkdir(parents=True)
        shutil.copytree(pathlib.Path(plan.run_dir) / "journal" / "gateway", journal)
        if records is not None:
            _cut(journal, records)
        actor = plan.actor("gateway")
        config = {**actor.config, "journal": {**actor.config.get("journal", {}),
                                              "folder": str(journal)}}
        actor = dataclasses.replace(actor, config=config)
        plan = dataclasses.replace(plan, run_dir=str(root), shm_dir=str(shm))
        self.host = ActorHost(plan, actor, zmq.Context.instance(),
                              map_wires(str(shm), len(plan.wires), create=True),
                              map_deployment(str(shm), create=True))
        self.host.build()
        self.journal = self.host.actor._journal
        self.journal.start()

    @property
    def hash(self) -> int:
        return self.journal.state_hash()

    def table(self, name: str) -> np.ndarray:
        return self.host.tables[name]

    def apply(self, records) -> None:
        """Writes and applies more records, as the handlers do."""
        row = self.journal.journal.record[0]
        for record in records:
            payload = np.frombuffer(record.payload.ljust(8, b"\0"), np.uint8)
            assert append_record(self.journal.journal.address, record.kind, payload.ctypes.data,
                                 len(record.payload), record.time_ns)
            at = int(row["base"]) + int(row["at"]) - RECORD_HEADER \
                - (len(record.payload) + 7 & ~7)
            call_compiled(apply.address, self.host.ctx.ctypes.data, at)


def _cut(folder: pathlib.Path, records: int) -> None:
    """Leaves the first ``records`` of the journal, as a kill right then does."""
    reading = read_journal(folder, write=True)
    first_gone = next(read_records(reading, records + 1))
    for part in reading.parts:
        if part.segment.number == first_gone.segment:
            part.segment.clear_from(first_gone.offset)
        elif part.segment.number > first_gone.segment:
            part.segment.path.unlink()
