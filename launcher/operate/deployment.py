"""A deployment as the verbs see it: found from its topology file, its pages, its supervisor."""

from __future__ import annotations

import os
import pathlib
from functools import cached_property
from typing import TYPE_CHECKING

from actors.runtime.plan import Plan
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import DEFAULT_TOPOLOGY
from launcher.operate.folders import PLAN_FILE, is_locked
from launcher.problems import did_you_mean
from launcher.topology.paths import existing_run_dir

if TYPE_CHECKING:
    import numpy as np

    from actors.runtime.vitals import Vitals

__all__ = ["Deployment", "command_text", "not_running"]


def command_text(topology: str | os.PathLike[str], *words: str) -> str:
    """The command line that does ``words`` to the deployment: ``pitwire -f FILE up``."""
    which = () if os.fspath(topology) == DEFAULT_TOPOLOGY else ("-f", os.fspath(topology))
    return " ".join(("pitwire", *which, *words))


class Deployment:
    """The last or present run of a topology file. Its plan is the one it was started with, whatever
    the file says by now."""

    def __init__(self, topology: str | os.PathLike[str], run_dir: pathlib.Path):
        self.topology, self.run_dir = topology, run_dir
        self.plan = Plan.load(run_dir / PLAN_FILE)
        self._vitals: dict[str, tuple[Vitals, tuple[int, int]]] = {}

    @classmethod
    def find(cls, topology: str | os.PathLike[str]) -> Deployment:
        """The deployment of the file ``topology``. :class:`Failure` if it never ran."""
        run_dir = existing_run_dir(topology)
        if run_dir is None or not (run_dir / PLAN_FILE).exists():
            raise not_running(topology)
        try:
            return cls(topology, run_dir)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Failure(f"cannot read {run_dir / PLAN_FILE}: {error}",
                          f"remove {run_dir} once nothing of it runs") from None

    @classmethod
    def running(cls, topology: str | os.PathLike[str]) -> Deployment:
        """The same, but :class:`Failure` with NOT_RUNNING unless it runs now."""
        found = cls.find(topology)
        if not found.is_running:
            raise not_running(topology)
        return found

    @property
    def is_running(self) -> bool:
        return is_locked(self.run_dir)

    def require_actor(self, name: str) -> None:
        """:class:`Failure` with the nearest name if the deployment has no actor ``name``."""
        names = [actor.name for actor in self.plan.actors]
        if name not in names:
            raise Failure(f"no actor '{name}' in {self.plan.name}", did_you_mean(name, names),
                          ExitCode.UNKNOWN_ACTOR)

    # ---- shared memory -----------------------------------------------------------------------

    def vitals(self, actor: str) -> Vitals | None:
        """The actor's page as it describes itself now; None before it is there.

        The supervisor makes the page, and the actor's first incarnation lays it out.
        """
        from actors.runtime.vitals import Vitals

        page, described = self._vitals.get(actor, (None, 0))
        if page is None or described != (int(page.header["size"]),
                                         int(page.header["description_size"])):
            try:
                page = Vitals(pathlib.Path(self.plan.shm_dir) / f"{actor}.vitals")
            except (OSError, ValueError):  # not there, or being laid out
                return None
            header = page.header
            self._vitals[actor] = page, (int(header["size"]), int(header["description_size"]))
        return page

    @cached_property
    def wires(self) -> np.ndarray:
        """The wire pages: WIRE_PAGE (n,)."""
        from actors.runtime.vitals import map_wires

        return map_wires(self.plan.shm_dir, len(self.plan.wires))

    @cached_property
    def page(self) -> np.ndarray:
        """The deployment page: a DEPLOYMENT record of shape ()."""
        from actors.runtime.vitals import map_deployment

        return map_deployment(self.plan.shm_dir)

    def table(self, actor: str, table: str) -> np.ndarray | None:
        """A shared state table, as the actor's page describes it; None if there is none."""
        from actors.runtime.vitals import map_table

        page = self.vitals(actor)
        described = page.description.get("tables", {}).get(table) if page else None
        if described is None:
            return None
        try:
            return map_table(self.plan.shm_dir, actor, table, dtype_of(described["dtype"]),
                             tuple(described["shape"]))
        except (OSError, ValueError):
            return None


def dtype_of(description) -> np.dtype:
    """The dtype that ``np.lib.format.dtype_to_descr`` wrote and JSON turned into lists."""
    import numpy as np

    def restored(item):
        name, kind, *shape = item
        kind = [restored(i) for i in kind] if isinstance(kind, list) else kind
        return (tuple(name) if isinstance(name, list) else name, kind, *map(tuple, shape))

    if isinstance(description, str):
        return np.dtype(description)
    return np.lib.format.descr_to_dtype([restored(item) for item in description])


def not_running(topology: str | os.PathLike[str]) -> Failure:
    return Failure(f"the deployment of {topology} is not running",
                   f"start it with: {command_text(topology, 'up')}", ExitCode.NOT_RUNNING)
