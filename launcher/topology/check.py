"""A topology file checked whole: every mistake at once, before anything starts.

The steps go from form to meaning. A later step works with whatever the earlier ones left intact, so
that a misspelt key in one actor does not hide an unknown port in another.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

import pydantic

from actors.runtime.actor import Actor
from actors.runtime.addresses import addresses_clash, listen_addresses
from actors.runtime.plan import Plan, ProcessPlan
from launcher.topology.classes import ClassUnusable, extend_import_path, load_class
from launcher.topology.cycles import cycles
from launcher.topology.load import Document, load
from launcher.topology.model import Topology
from launcher.topology.paths import RunFolders, deployment_folders, ipc_address, wire_path_room
from launcher.topology.placement import machine_cores, place, placement_of
from launcher.topology.plan import make_plan, restart_of, transport_of
from launcher.problems import Path, Problem, TopologyInvalid, did_you_mean, dotted
from launcher.topology.tree import find_mark, plain
from launcher.topology.validate import validate_config, validate_topology
from launcher.topology.wires import Wire, check_wires, wires_of

__all__ = ["Checked", "check_topology", "load_plan"]


@dataclass(frozen=True)
class Checked:
    """The outcome of a check: a plan, or else the problems, in the order of the file."""

    plan: Plan | None
    topology: Topology | None
    problems: tuple[Problem, ...]


def load_plan(path: str | os.PathLike[str]) -> Plan:
    """The plan of the deployment that the topology file at ``path`` describes.

    :class:`TopologyInvalid` with everything that is wrong with it, if anything is.
    """
    checked = check_topology(path)
    if checked.plan is None:
        raise TopologyInvalid(checked.problems)
    return checked.plan


def check_topology(path: str | os.PathLike[str], cores: Sequence[int] | None = None) -> Checked:
    """Load and check the topology file at ``path``. ``cores``: the machine's, if not this one's.

    Imports the actors' classes. Raises nothing for anything that can stand in a file.
    """
    document = load(path)
    if document.root is None:
        return Checked(None, None, tuple(document.problems))
    check = _Check(document, pathlib.Path(path), machine_cores() if cores is None else cores)
    plan = check.run()
    told = check.problems_in_order()
    return Checked(None if told else plan, None if told else check.topology, told)


class _Check:
    """One check under way: the file, what is known of it so far, and the problems found."""

    def __init__(self, document: Document, path: pathlib.Path, cores: Sequence[int]):
        self.root, self.path, self.cores = document.root, path, cores
        self._problems = list(document.problems)
        self._folders = tuple(dict.fromkeys(str(file.parent) for file in document.files))
        self.topology, self.cut = validate_topology(plain(self.root), self.report)
        self.names = self._keys("actors")
        self.classes: dict[str, type[Actor]] = {}
        self.configs: dict[str, pydantic.BaseModel] = {}

    def report(self, path: Path, message: str, hint: str = "") -> None:
        mark = find_mark(self.root, path)
        self._problems.append(Problem(mark.file, mark.line, dotted(path), message, hint))

    def problems_in_order(self) -> tuple[Problem, ...]:
        """Each problem once, by file in the order of extension, then by line."""
        files: dict[str, int] = {self.root.mark.file: 0}
        for problem in self._problems:
            files.setdefault(problem.file, len(files))
        unique = dict.fromkeys(self._problems)
        return tuple(sorted(unique, key=lambda p: (files[p.file], p.line)))

    def run(self) -> Plan | None:
        """All checks; the plan, which is good if nothing was reported."""
        folders = deployment_folders(self.topology.name, self.path)
        self._check_symbols()
        self._load_classes()
        wires = wires_of(self.topology)
        check_wires(wires, self.names, self.classes, self._keys("breakers"),
                    {name: self._keys("actors", name, "inputs") for name in self.names},
                    self.report)
        whole = not any(path[:1] == ("actors",) for path in self.cut)
        processes = place(self.topology, self.cores, self.report, whole)
        self._check_processes(processes)
        self._check_threads(processes)
        self._check_depends_on()
        self._check_groups()
        self._check_backoff()
        self._check_transports(wires, folders)
        self._check_binders(wires)
        if self._problems:
            return None
        return make_plan(self.topology, self.path, folders, self.classes, self.configs, processes,
                         wires, self._folders)

    def _keys(self, *path: str) -> list[str]:
        """The keys of a mapping as the file has them, also those that are malformed inside."""
        node = self.root
        for part in path:
            if not isinstance(node.value, dict) or part not in node.value:
                return []
            node = node.value[part]
        return list(node.value) if isinstance(node.value, dict) else []

    def _check_symbols(self) -> None:
        seen: set[str] = set()
        for i, symbol in enumerate(self.topology.symbols):
            if symbol in seen:
                self.report(("symbols", i), f"{symbol} is listed twice")
            seen.add(symbol)

    def _load_classes(self) -> None:
        extend_import_path(self._folders)
        for name, spec in self.topology.actors.items():
            try:
                cls = load_class(spec.class_)
            except ClassUnusable as error:
                self.report(("actors", name, "class"), str(error), error.hint)
                continue
            self.classes[name] = cls
            at = ("actors", name, "config")
            if at not in self.cut:
                config = validate_config(cls.Config, spec.config or {}, at, self.report,
                                         self._folders)
                if config is not None:
                    self.configs[name] = config

    def _check_depends_on(self) -> None:
        """Start order: known names, no circle among actors nor among the processes they share."""
        graph: dict[str, list[str]] = {}
        for name, spec in self.topology.actors.items():
            for i, needed in enumerate(spec.depends_on or ()):
                if needed not in self.names:
                    self.report(("actors", name, "depends_on", i), f"no actor '{needed}'",
                                did_you_mean(needed, self.names))
                else:
                    graph.setdefault(name, []).append(needed)
        circles = cycles(graph)
        for cycle in circles:
            self.report(("actors", cycle[0], "depends_on"),
                        f"{' → '.join([*cycle, cycle[0]])}: each waits for the next to start first")
        if circles:
            return
        process = {name: placement_of(self.topology, name)[0] for name in self.topology.actors}
        between: dict[str, list[str]] = {}
        for name, needs in graph.items():
            between.setdefault(process[name], []).extend(
                process[n] for n in needs if n in process and process[n] != process[name])
        for cycle in cycles(between):
            culprit = next(n for n in graph if process[n] == cycle[0])
            self.report(("actors", culprit, "depends_on"), "a process starts with all its actors, "
                        f"and of {' → '.join([*cycle, cycle[0]])} each waits for the next")

    def _check_processes(self, processes: tuple[ProcessPlan, ...]) -> None:
        """A process restarts as one, so its actors agree on how."""
        for process in processes:
            first, *others = process.actors
            for name in others:
                if restart_of(self.topology, name) != restart_of(self.topology, first):
                    self.report(("actors", name), f"its restart policy differs from that of "
                                f"{first}, but both run in process '{process.name}', which "
                                "restarts as one", "say the same for both, or say it in defaults")

    def _check_threads(self, processes: tuple[ProcessPlan, ...]) -> None:
        """Compiled actors and those in plain Python have different reactors, one to a thread."""
        for process in processes:
            for thread in process.threads:
                known = [name for name in thread.actors if name in self.classes]
                is_plain = {name: not self.classes[name].handlers() for name in known}
                for name in known[1:]:
                    if is_plain[name] != is_plain[known[0]]:
                        python, compiled = (name, known[0]) if is_plain[name] else (known[0], name)
                        self.report(("actors", name), f"{python} is plain Python and cannot share "
                                    f"thread '{thread.name}' of process '{process.name}' with "
                                    f"{compiled}, which is compiled",
                                    "give one of them a thread of its own: thread: NAME")
                        break

    def _check_groups(self) -> None:
        member_of: dict[str, str] = {}
        for group, spec in (self.topology.groups or {}).items():
            for i, name in enumerate(spec.actors):
                at = ("groups", group, "actors", i)
                if name not in self.names:
                    self.report(at, f"no actor '{name}'", did_you_mean(name, self.names))
                elif member_of.setdefault(name, group) != group:
                    self.report(at, f"{name} is in group '{member_of[name]}' already",
                                "an actor is in one group at most")
                elif name in spec.actors[:i]:
                    self.report(at, f"{name} is listed twice")

    def _check_backoff(self) -> None:
        """The bounds of backoff hold for what results from actor, defaults and built-in values."""
        for name, spec in self.topology.actors.items():
            backoff = restart_of(self.topology, name).backoff
            if backoff.max_ns < backoff.initial_ns:
                said = ("actors", name) if spec.backoff is not None else ("defaults",)
                self.report((*said, "backoff"), "max is shorter than initial")

    def _check_transports(self, wires: list[Wire], folders: RunFolders) -> None:
        """Each wire's transport against the placement of its two ends, and its address."""
        too_long = False
        for index, wire in enumerate(wires):
            if wire.source_actor not in self.topology.actors:
                continue
            transport, spec = transport_of(self.topology, wire), wire.spec
            ends = [placement_of(self.topology, n)[0] for n in (wire.source_actor,
                                                                wire.target_actor)]
            if transport == "inproc" and ends[0] != ends[1]:
                self.report((*wire.path, "transport"), f"inproc joins actors of one process, but "
                            f"{wire.source_actor} runs in '{ends[0]}' and {wire.target_actor} in "
                            f"'{ends[1]}'", "use shm, ipc or tcp, or give both actors one process")
            if transport == "tcp" and spec.address is None:
                self.report((*wire.path, "transport"), "a tcp wire needs an address",
                            "add address: host:port, where the consumer binds")
            if transport != "tcp" and spec.address is not None:
                self.report((*wire.path, "address"), f"only a tcp wire has an address; this one "
                            f"is {transport}", "add transport: tcp, or remove it")
            room = wire_path_room(ipc_address(folders.run_dir, index))
            if transport == "ipc" and room < 0 and not too_long:
                too_long = True
                self.report(wire.path, f"the path of its ipc socket is {-room} bytes too long: "
                            f"{ipc_address(folders.run_dir, index)}",
                            "set PITWIRE_RUNTIME_DIR to a shorter folder")

    def _check_binders(self, wires: list[Wire]) -> None:
        """No two servers on one address: tcp wires, and what the actors' configs say to bind."""
        bound: list[tuple[str, str]] = []
        for path, address, who in [*self._config_addresses(), *_tcp_addresses(wires)]:
            other = next((w for a, w in bound if addresses_clash(a, address)), None)
            if other is not None:
                self.report(path, f"{address} is bound by {other} already", "use another port")
            bound.append((address, who))

    def _config_addresses(self) -> list[tuple[Path, str, str]]:
        return [(("actors", name, "config", *path), address, f"{name} ({dotted(path)})")
                for name, config in self.configs.items()
                for path, address in listen_addresses(config)]


def _tcp_addresses(wires: list[Wire]) -> list[tuple[Path, str, str]]:
    return [((*wire.path, "address"), wire.spec.address, f"the wire {wire.source} → {wire.target}")
            for wire in wires if wire.spec.transport == "tcp" and wire.spec.address]
