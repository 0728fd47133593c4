"""Post-mortems that wait to be written, and the thread that writes them when nobody waits for it.
"""

from __future__ import annotations

import pathlib
import queue
import threading

from loguru import logger

from actors.runtime.clock import monotonic_ns, wall_offset_ns
from actors.runtime.logs import log_file
from actors.supervisor.children import Child
from actors.supervisor.pages import Pages
from actors.supervisor.post_mortem import PostMortem

__all__ = ["Autopsies"]

_WAITS_NS = 3_000_000_000  # for a successor that does not get ready
_MOST_WAITING = 20


class Autopsies:
    """``folders``: by process, that of its last failure."""

    def __init__(self, pages: Pages):
        self._pages, self._plan = pages, pages.plan
        self._crash_at: dict[str, int] = {}
        self._waiting: list[tuple[int, PostMortem]] = []
        self._queue: queue.SimpleQueue[PostMortem | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.folders: dict[str, str] = {}

    def born(self, process: str) -> None:
        """An incarnation begins: what its ``.crash`` file holds by now is not its own."""
        self._crash_at[process] = _size(log_file(self._plan.run_dir, process).with_suffix(".crash"))

    def copy(self, child: Child, reason: str) -> pathlib.Path:
        """Copies what of a failed process is about to be written over; returns where all of it
        will be found."""
        process, plan = child.process, self._plan
        actors = plan.process(process).actors
        wires = [w for name in actors for w in (*plan.inputs_of(name), *plan.outputs_of(name))]
        copied = self._pages.wires.copy()
        mortem = PostMortem(
            plan, process, child.incarnation, child.pid, reason, monotonic_ns() + wall_offset_ns(),
            self._pages.copies(process, child.pid),
            {wire.name: copied[wire.index] for wire in wires},
            self._crash_at.get(process, 0))
        self._waiting.append((monotonic_ns(), mortem))
        self.folders[process] = str(mortem.folder)
        return mortem.folder

    def settled(self, process: str, recovered: dict[str, int]) -> None:
        """Nobody waits for the process any more: what there is of it may be written. ``recovered``:
        by actor, the last record its successor found in its journal."""
        for entry in [e for e in self._waiting if e[1].process == process]:
            entry[1].recovered = recovered
            self._hand_over(entry)

    def look(self, now_ns: int) -> None:
        """Those that have waited long enough are written, and the oldest if there are too many."""
        for n, entry in enumerate(tuple(self._waiting)):
            if now_ns - entry[0] > _WAITS_NS or len(self._waiting) - n > _MOST_WAITING:
                self._hand_over(entry)

    def _hand_over(self, entry: tuple[int, PostMortem]) -> None:
        self._waiting.remove(entry)
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="post-mortem", daemon=True)
            self._thread.start()
        self._queue.put(entry[1])

    def _write_all(self) -> None:
        while (mortem := self._queue.get()) is not None:
            try:
                mortem.write()
            except Exception as error:  # whatever is wrong with it, the supervisor goes on
                logger.warning("no post-mortem in {}: {}", mortem.folder, error)

    def close(self, timeout: float = 1.0) -> None:
        """Writes what is left."""
        for entry in tuple(self._waiting):
            self._hand_over(entry)
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout)


def _size(path: pathlib.Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
