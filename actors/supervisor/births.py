"""Who a process is, noted by itself in shared memory before it does anything else.

The note outlives whoever forked the process and whoever asked for it, so that a new supervisor
finds every process that runs: ``<shm_dir>/<process>.born``, its pid and when that began (pids are used
again), its incarnation, and the time of its birth.
"""

from __future__ import annotations

import json
import os
import pathlib
from dataclasses import asdict, dataclass

from actors.runtime.clock import monotonic_ns
from actors.runtime.pids import begin_of, is_same

__all__ = ["Birth", "birth_of", "note_birth"]


@dataclass(frozen=True)
class Birth:
    """One incarnation of a process. ``began`` is in ticks (proc(5)), ``born_ns`` monotonic."""

    process: str
    incarnation: int
    pid: int
    began: int
    born_ns: int

    @property
    def lives(self) -> bool:
        return is_same(self.pid, self.began)


def note_birth(shm_dir: str | os.PathLike[str], process: str, incarnation: int) -> None:
    """The caller is this incarnation of ``process``."""
    pid = os.getpid()
    birth = Birth(process, incarnation, pid, begin_of(pid), monotonic_ns())
    path = _path(shm_dir, process)
    written = path.with_suffix(f".{pid}")
    written.write_text(json.dumps(asdict(birth)))
    written.replace(path)


def birth_of(shm_dir: str | os.PathLike[str], process: str) -> Birth | None:
    """The last incarnation of ``process`` that noted itself; None if none did."""
    try:
        return Birth(**json.loads(_path(shm_dir, process).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _path(shm_dir: str | os.PathLike[str], process: str) -> pathlib.Path:
    return pathlib.Path(shm_dir) / f"{process}.born"
