"""One actor alone: a private deployment of it and a stand-in for its neighbours, in one process."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console

from actors.runtime.actor import Actor
from actors.runtime.clock import monotonic_ns
from actors.runtime.host import load_class
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan, WirePlan
from actors.runtime.vitals import map_deployment, map_wires
from launcher.cli.errors import Failure
from launcher.operate.render import log_console
from launcher.problems import did_you_mean
from launcher.run.foreground import ForegroundProcess, log_to_console
from launcher.run.neighbours import NEIGHBOURS, Neighbours, Source, stand_in_for
from launcher.run.source import Generator, GenerateSpec, LineSource

__all__ = ["Alone", "RunOptions"]

_PROCESS = "alone"
_READY_NS = 1_000_000_000   # how long what goes in waits for an actor that logs in somewhere
_QUIET_NS = 50_000_000      # nothing under way for so long: it is over
_IDLE_NS = 1_000_000_000    # unless the actor has something outstanding; then so long
_INPUT_WIRE_CAPACITY = 1024


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """What goes into the actor and for how long. ``input``: a path, ``-`` for standard input, None
    for nothing."""

    input: str | None = None
    generate: tuple[GenerateSpec, ...] = ()
    for_ns: int | None = None
    debug: bool = False


class Alone:
    """A run of the actor that ``actor`` plans, of a deployment with these symbols."""

    def __init__(self, actor: ActorPlan, symbols: tuple[str, ...], options: RunOptions,
                 python_path: tuple[str, ...] = (), output: TextIO | None = None):
        self.actor, self.symbols, self.options = actor, symbols, options
        self.cls = load_class(actor.class_path)
        self._python_path = python_path
        self._output = output or sys.stdout
        self._console = log_console(stderr=True)
        self._began_ns = self._quiet_since = 0
        self._printed = 0
        self._broken_pipe = False

    def run(self) -> None:
        """Runs to the end of the input. :class:`Failure` if the actor failed."""
        with _private_folder() as folder, self._sources() as sources:
            plan = self._plan(folder, sources)
            map_wires(plan.shm_dir, len(plan.wires), create=True)
            map_deployment(plan.shm_dir, create=True)["trading_enabled"] = 1
            log_to_console(self._console, self.options.debug)
            process = ForegroundProcess(plan, _PROCESS, self._console, self._finished, self._turn)
            self._process, self._started = process, False
            for source in sources:
                source.start()
            status = process.run()
            self._print_received()
            self._say_end(process, sources)
            if status != 0:
                raise Failure(f"{self.actor.name} failed: {process.failure or 'see above'}")

    # ---- what the run is made of -------------------------------------------------------------

    @contextlib.contextmanager
    def _sources(self) -> Iterator[list[Source]]:
        """The input's lines and the generators. :class:`Failure` if the input cannot be read."""
        sources: list[Source] = []
        for spec in self.options.generate:
            if spec.port not in self.cls.inputs:
                raise Failure(f"--generate: {self.actor.name} has no input '{spec.port}'",
                              did_you_mean(spec.port, self.cls.inputs))
            message = self.cls.inputs[spec.port].message
            sources.append(Generator(spec, message, len(self.symbols)))
        with contextlib.ExitStack() as stack:
            if self.options.input is not None and self.cls.inputs:
                lines, name = _open_input(self.options.input, stack)
                sources.append(LineSource(lines, name, self.cls.inputs, self.symbols,
                                          lambda text: self._console.print(text, style="yellow")))
            yield sources

    def _plan(self, folder: pathlib.Path, sources: list[Source]) -> Plan:
        actor = dataclasses.replace(self.actor, process=_PROCESS, thread="main", depends_on={})
        stub = ActorPlan(NEIGHBOURS, actor.index + 1, stand_in_for(self.cls, sources), {},
                         _PROCESS, NEIGHBOURS)
        joined = [(NEIGHBOURS, actor.name, name, port.message.name, "fail")
                  for name, port in self.cls.inputs.items()]
        joined += [(actor.name, NEIGHBOURS, name, port.message.name, "block")
                   for name, port in self.cls.outputs.items()]
        wires = tuple(WirePlan(i, source, port, target, port, message, "inproc", f"w{i}",
                               _INPUT_WIRE_CAPACITY, overflow)
                      for i, (source, target, port, message, overflow) in enumerate(joined))
        threads = (ThreadPlan(NEIGHBOURS, (NEIGHBOURS,)), ThreadPlan("main", (actor.name,)))
        return Plan("alone", "", str(folder), str(folder), self.symbols, (actor, stub),
                    (ProcessPlan(_PROCESS, threads),), wires, python_path=self._python_path)

    # ---- while it runs -----------------------------------------------------------------------

    @property
    def _neighbours(self) -> Neighbours:
        return self._process.hosts[0].actor

    def _turn(self) -> None:
        now = monotonic_ns()
        self._began_ns = self._began_ns or now
        actor = self._process.hosts[1].actor
        waits = bool(self.cls.pollers) and not actor.ready() and now < self._began_ns + _READY_NS
        if not waits and not self._neighbours.open:
            self._neighbours.open = True
        self._print_received()

    def _finished(self) -> bool:
        now, options = monotonic_ns(), self.options
        if self._broken_pipe:
            return True
        if options.for_ns is not None and now >= self._began_ns + options.for_ns:
            return True
        stub = self._neighbours
        if not stub.sources or not stub.exhausted() or not stub.quiet():
            self._quiet_since = 0
            return False
        self._quiet_since = self._quiet_since or now
        idle = self._process.hosts[1].actor.idle()
        return now >= self._quiet_since + (_QUIET_NS if idle else _IDLE_NS)

    def _print_received(self) -> None:
        if not self._process.hosts or not hasattr(self._process.hosts[0], "actor"):
            return
        lines = [json.dumps(said) for said in self._neighbours.take_received()]
        if not lines or self._broken_pipe:
            return
        try:
            self._output.write("\n".join(lines) + "\n")
            self._output.flush()
            self._printed += len(lines)
        except BrokenPipeError:  # whoever read it has seen enough
            self._broken_pipe = True
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._output.fileno())

    def _say_end(self, process: ForegroundProcess, sources: list[Source]) -> None:
        if not process.hosts or not hasattr(process.hosts[0], "actor"):
            return
        sent = int(process.hosts[0].vitals.counters[0])
        skipped = sum(source.skipped for source in sources)
        text = f"{sent:,} messages in, {self._printed:,} out"
        self._console.print(text + (f", {skipped:,} bad lines skipped" if skipped else ""),
                            style="yellow" if skipped else "dim")


def _open_input(path: str, stack: contextlib.ExitStack) -> tuple[TextIO, str]:
    if path == "-":
        if sys.stdin.isatty():
            Console(stderr=True).print("reading JSON Lines from the terminal; Ctrl-D ends them",
                                       style="dim")
        return sys.stdin, "stdin"
    try:
        return stack.enter_context(open(path, encoding="utf-8")), path
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}") from None


@contextlib.contextmanager
def _private_folder() -> Iterator[pathlib.Path]:
    root = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pitwire-run-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def input_of(given: str | None, generate: tuple[GenerateSpec, ...], cls: type[Actor]) -> str | None:
    """Where input comes from if not told: standard input, unless messages are generated."""
    if given is not None:
        return given
    return "-" if cls.inputs and not generate else None
