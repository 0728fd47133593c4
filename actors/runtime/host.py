"""Puts actors into memory: tables, ports, wires and context records, and threads that run them."""

from __future__ import annotations

import importlib
import os
import pathlib
import threading
import traceback
import weakref
from collections.abc import Iterable, Mapping

import numpy as np
import zmq

from actors.runtime import reactor
from actors.runtime.actor import Actor, Setup, Table
from actors.runtime.enums import Wait
from actors.runtime.endpoint import InEndpoint, OutEndpoint, close_inputs
from actors.runtime.faults import attend, map_faults
from actors.runtime.layout import (
    CTX, MAX_PORTS, MAX_TABLES, MAX_WIRES_PER_PORT, OUT_PORT, POLLER, THREAD, TIMER,
)
from actors.runtime.plan import ActorPlan, Plan, ThreadPlan
from actors.runtime.scheduling import SHORT_SLICE_NS, set_slice
from actors.runtime.tap import PortTaps
from actors.runtime.vitals import Vitals, create_table
from schemas.enums import ActorState

__all__ = ["ActorError", "ActorHost", "ReactorThread", "load_class", "port_number"]


class ActorError(RuntimeError):
    """An actor's declaration or construction is wrong. The message names the actor."""


def load_class(path: str) -> type[Actor]:
    """The actor class at ``package.module:Class``. ActorError if there is none."""
    module_name, _, class_name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:  # whatever the module does when it is imported
        raise ActorError(f"class {path}: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Actor)):
        raise ActorError(f"class {path} is not an actors.runtime.Actor")
    return found


def port_number(actor_index: int, port_index: int) -> int:
    """Number of an output port in the deployment, from 1; the upper 16 bits of a message's id."""
    return actor_index * MAX_PORTS + port_index + 1


class ActorHost:
    """One actor in memory: its object, page, tables, ports, context record and wire ends."""

    def __init__(self, plan: Plan, actor: ActorPlan, zmq_context: zmq.Context, wires: np.ndarray,
                 deployment: np.ndarray):
        self.plan, self.actor_plan = plan, actor
        self.name = actor.name
        self._zmq, self._wires, self.deployment = zmq_context, wires, deployment
        self.cls = load_class(actor.class_path)
        self.vitals = Vitals(vitals_file(plan, actor.name), self.cls.counters,
                             self.cls.histograms, actor=actor.name, kind=self.cls.kind,
                             tag=self.cls.tag, tables={})
        self.epoch = int(self.vitals.header["epoch"]) + 1
        self._begin_incarnation()
        attend(self.vitals.header)
        self.ctx = np.zeros((), CTX)
        self.in_ends: list[InEndpoint] = []
        self.out_ends: list[OutEndpoint] = []
        self.pollers = np.zeros(len(self.cls.pollers), POLLER)
        self.pollers["fd"] = -1
        self.timers = np.zeros(len(self.cls.timers), TIMER)
        self.ports = np.zeros(max(len(self.cls.outputs), 1), OUT_PORT)
        self._scratch: dict[str, np.ndarray] = {}  # where ports build what only rings will carry

    def _begin_incarnation(self) -> None:
        header = self.vitals.header
        header["epoch"], header["pid"] = self.epoch, os.getpid()
        header["command"], header["ready_ns"] = 0, 0
        header["live_ns"] = header["connected_ns"] = header["blocked"] = 0
        self.previous_exit = header["previous_exit"].item().decode(errors="replace")
        self.log_begins = int(header["log_head"])  # what lies before is the last incarnation's
        header["reason"] = b""
        self.state = ActorState.STARTING

    @property
    def state(self) -> ActorState:
        return ActorState(int(self.vitals.header["state"]))

    @state.setter
    def state(self, state: ActorState) -> None:
        self.vitals.header["state"] = int(state)

    @property
    def live(self) -> bool:
        """Whether handlers run."""
        return bool(self.ctx["live"])

    @live.setter
    def live(self, live: bool) -> None:
        self.ctx["live"] = int(live)

    def build(self) -> None:
        """Constructs the actor and lays out its tables, ports and context."""
        self._check_handlers()
        config = self.cls.Config(**self.actor_plan.config)
        setup = Setup(self.name, self.actor_plan.index, self.epoch, config, self.plan.symbols,
                      self.previous_exit)
        self.actor = self.cls(setup)
        self.actor.host = self
        self.tables = self._lay_out(self.actor.tables())
        self._fill_context()
        self._build_ports()

    def _check_handlers(self) -> None:
        """An actor is compiled or plain: a reactor that finds no handler could call nothing."""
        declared = {**self.cls.inputs, **self.cls.timers}
        missing = [name for name, port in declared.items() if port.handler is None]
        if missing and self.cls.handlers():
            raise ActorError(f"{self.name}: {self.cls.__name__} has compiled handlers, but none "
                             f"for {', '.join(missing)}: give all of them one, or none")

    def _lay_out(self, declared: Mapping[str, Table]) -> dict[str, np.ndarray]:
        if tuple(declared) != self.cls.table_names:
            raise ActorError(f"{self.name}: tables() gives {tuple(declared)}, the class declares "
                             f"{self.cls.table_names}")
        if len(declared) > MAX_TABLES:
            raise ActorError(f"{self.name}: {len(declared)} tables, at most {MAX_TABLES}")
        laid_out, description = {}, {}
        for name, table in declared.items():
            array = np.ascontiguousarray(table.array)
            if table.shared:
                array = create_table(self.plan.shm_dir, self.name, name, array)
                description[name] = {"dtype": np.lib.format.dtype_to_descr(array.dtype),
                                     "shape": list(array.shape)}
            laid_out[name] = array
        self.vitals.describe(**{**self.vitals.description, "tables": description})
        return laid_out

    def _fill_context(self) -> None:
        ctx, vitals = self.ctx, self.vitals
        ctx["epoch"], ctx["index"] = self.epoch, self.actor_plan.index
        ctx["vitals"] = vitals.address
        ctx["counters"] = vitals.counters.ctypes.data
        ctx["histograms"] = vitals.histograms.ctypes.data if len(vitals.histograms) else 0
        ctx["log"] = vitals.records.ctypes.data
        ctx["deployment"] = self.deployment.ctypes.data
        ctx["n_tables"] = len(self.tables)
        ctx["slot"] = self.plan.slot_of(self.name)
        for i, array in enumerate(self.tables.values()):
            if array.ndim not in (1, 2):
                raise ActorError(f"{self.name}: table {self.cls.table_names[i]} has {array.ndim} "
                                 f"dimensions, 1 or 2 are possible")
            ctx["tables"][i] = array.ctypes.data
            ctx["rows"][i] = array.shape[0]
            ctx["cols"][i] = array.shape[1] if array.ndim == 2 else 1

    def _build_ports(self) -> None:
        if len(self.cls.outputs) > MAX_PORTS:
            raise ActorError(f"{self.name}: {len(self.cls.outputs)} outputs, at most {MAX_PORTS}")
        faults = map_faults(self.plan.shm_dir, len(self.plan.wires), create=True)
        for i, (name, output) in enumerate(self.cls.outputs.items()):
            port = self.ports[i]
            port["port_id"] = port_number(self.actor_plan.index, i)
            port["size"], port["burst"] = output.message.size, output.burst
            port["prefix0"], port["prefix1"], port["prefix2"] = output.message.prefix_words
            wires = [w for w in self.plan.outputs_of(self.name) if w.source_port == name]
            if len(wires) > MAX_WIRES_PER_PORT:
                raise ActorError(f"{self.name}/{name}: {len(wires)} wires, "
                                 f"at most {MAX_WIRES_PER_PORT}")
            port["n_wires"] = len(wires)
            for j, wire in enumerate(wires):
                end = OutEndpoint(self._zmq, wire, self._wire(wire.index), output.message,
                                  self.epoch, len(self.plan.symbols),
                                  faults[wire.index:wire.index + 1].reshape(()))
                port["wires"][j] = end.address
                self.out_ends.append(end)
            if wires and all(w.transport == "shm" for w in wires):
                self._scratch[name] = np.zeros(output.message.size, np.uint8)
                port["scratch"] = self._scratch[name].ctypes.data
            if any(w.overflow == "block" for w in wires):
                n = int(self.ctx["n_blocking"])
                self.ctx["blocking"][n] = i
                self.ctx["n_blocking"] = n + 1
            self.ctx["ports"][i] = self.ports[i:i + 1].ctypes.data
        self.taps = PortTaps(self.plan.shm_dir, self.name, self.vitals, self.epoch,
                             dict(zip(self.cls.outputs, self.ports, strict=False)))

    def warm(self) -> None:
        """Compiles every handler, or loads it, and enters the addresses."""
        for handler in self.cls.handlers():
            handler.compile()
        for i, timer in enumerate(self.cls.timers.values()):
            self.timers[i]["every_ns"] = timer.every_ns
            if timer.handler is not None:
                self.timers[i]["handler"] = timer.handler.address
            self.timers[i]["ctx"] = self.ctx.ctypes.data
        for i, poller in enumerate(self.cls.pollers.values()):
            self.pollers[i]["handler"] = poller.handler.address
            self.pollers[i]["ctx"] = self.ctx.ctypes.data
        for name, handler in self.cls.resync.items():
            self.ports[list(self.cls.outputs).index(name)]["resync_handler"] = handler.address

    def open_wires(self) -> None:
        """Binds the inputs and announces both ends. WireError names the wire that failed."""
        for wire in self.plan.inputs_of(self.name):
            declared = self.cls.inputs[wire.target_port]
            end = InEndpoint(self._zmq, wire, self._wire(wire.index), declared.message, self.epoch)
            end.record["ctx"] = self.ctx.ctypes.data
            end.record["priority"] = int(declared.priority)
            end.record["input"] = list(self.cls.inputs).index(wire.target_port)
            if declared.handler is not None:
                end.record["handler"] = declared.handler.address
            end.open()
            self.in_ends.append(end)
        for end in self.out_ends:
            end.open()

    def _wire(self, index: int) -> np.ndarray:
        """The wire's page as a record of shape (), whose memory has an address."""
        return self._wires[index:index + 1].reshape(())

    def maintain(self) -> bool:
        """Lets the wires follow their peers' incarnations, and taps come and go. Returns whether a
        wire still has to."""
        self.taps.maintain()
        for end in self.out_ends:
            end.maintain()
        return not all(end.connected for end in self.out_ends)

    def set_fd(self, poller: str, fd: int) -> None:
        """Gives the poller called ``poller`` a descriptor to serve; -1 takes it away."""
        self.pollers[list(self.cls.pollers).index(poller)]["fd"] = fd

    def resume_from(self, port: str, number: int) -> None:
        """Asks whoever feeds input ``port`` to send again everything from ``number`` on, in the
        messages' own numbering, as soon as they are connected. For an actor's ``start``."""
        for end in self.in_ends:
            if end.wire.target_port == port:
                end.page["resume_from"] = number
                end.page["resync"] += 1

    def show_queue(self) -> None:
        """Writes into the vitals how much waits, and whether the actor itself waits for room."""
        header, queued = self.vitals.header, self.queued()
        header["blocked"] = queued > 0 and self.ctx["n_blocking"] > 0 \
            and reactor.is_blocked(self.ctx.ctypes.data)
        header["queue"] = queued

    def page_of(self, port: str) -> int:
        """Address of the page of the (first) wire that feeds input ``port``, for kernels; 0 if
        nothing does."""
        return next((end.page.ctypes.data for end in self.in_ends
                     if end.wire.target_port == port), 0)

    def queued(self) -> int:
        """Messages waiting on all inputs."""
        return sum(waiting(end.page) for end in self.in_ends)

    def kept_back(self) -> int:
        """Messages that ``latest`` wires still hold for consumers that can take them."""
        return sum(end.kept_back() for end in self.out_ends if not end.page["c_closed"])

    def close(self) -> None:
        """Orderly end, after the reactor's."""
        close_inputs(self.in_ends)
        for end in self.out_ends:
            end.close()
        self.taps.close()


def waiting(page: np.ndarray) -> int:
    """Messages published on a wire and not yet taken or lost; ``page``: a WIRE_PAGE record."""
    return int(page["published"] - page["handled"] - page["stale"] - page["left"]
               - page["p_lost"] - page["c_lost"])


def slow_after_ns(hosts: Iterable[ActorHost]) -> int:
    """From how long on a turn of the thread that runs ``hosts`` is slow."""
    return min(host.actor_plan.health.slow_ns for host in hosts)


def vitals_file(plan: Plan, actor: str) -> pathlib.Path:
    """Where the vitals page of ``actor`` lies."""
    return pathlib.Path(plan.shm_dir) / f"{actor}.vitals"


def leave_reason(plan: Plan, actor: str, reason: str) -> None:
    """Says in the actor's vitals page why this process, its new incarnation, ends. The actor may
    not have come so far as to have a page."""
    path = vitals_file(plan, actor)
    try:
        vitals = Vitals(path)
    except (OSError, ValueError):
        vitals = Vitals(path, (), (), actor=actor, kind="", tag=actor.upper()[:7], tables={})
    header = vitals.header
    if header["pid"] != os.getpid():
        header["epoch"] += 1
        header["pid"], header["command"], header["ready_ns"] = os.getpid(), 0, 0
        header["state"] = int(ActorState.STARTING)
    header["reason"] = reason.encode()[:399]


class ReactorThread:
    """A compiled reactor on a thread of its own, for the actors of one ThreadPlan."""

    def __init__(self, plan: ThreadPlan, hosts: list[ActorHost]):
        self.plan, self.hosts = plan, hosts
        self.record = np.zeros((), THREAD)
        self.failure: str | None = None
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self._wake_fd)
        self._thread: threading.Thread | None = None
        self._tables: list[np.ndarray] = []

    def build(self) -> None:
        """Writes the thread's table; call after the wires are open and the handlers warm."""
        reactor.warm()
        ins = sorted((end for host in self.hosts for end in host.in_ends),
                     key=lambda end: int(end.record["priority"]))
        outs = [(end.address, self._port_of(host, end), host.ctx.ctypes.data)
                for host in self.hosts for end in host.out_ends]
        timers = np.concatenate([h.timers for h in self.hosts])
        record = self.record
        record["wait"] = Wait[self.plan.wait.upper()]
        record["spin_ns"] = self.plan.spin_ns
        record["slow_ns"] = slow_after_ns(self.hosts)
        record["wake_fd"] = self._wake_fd
        record["n_in"], record["ins"] = len(ins), self._keep([end.address for end in ins])
        record["n_out"], record["outs"] = len(outs), self._keep(outs)
        record["n_ctx"] = len(self.hosts)
        record["ctxs"] = self._keep([h.ctx.ctypes.data for h in self.hosts])
        record["n_timers"], record["timers"] = len(timers), self._keep(timers)
        self._share_pollers()
        n_fds = len(ins) + int(record["n_pollers"]) + 1
        record["pollfds"] = self._keep(np.zeros(n_fds, np.int64))

    def _share_pollers(self) -> None:
        """One array for the thread, of which each host sees its part: descriptors change later."""
        pollers = np.concatenate([h.pollers for h in self.hosts])
        at = 0
        for host in self.hosts:
            host.pollers, at = pollers[at:at + len(host.pollers)], at + len(host.pollers)
        self.record["n_pollers"], self.record["pollers"] = len(pollers), self._keep(pollers)

    @staticmethod
    def _port_of(host: ActorHost, end: OutEndpoint) -> int:
        index = list(host.cls.outputs).index(end.wire.source_port)
        return int(host.ctx["ports"][index])

    def _keep(self, values) -> int:
        array = values if isinstance(values, np.ndarray) else np.array(values, np.int64)
        self._tables.append(array)
        return array.ctypes.data if array.size else 0

    def start(self) -> None:
        """Starts turning, pinned to the plan's core if it names one."""
        self._thread = threading.Thread(target=self._run, name=self.plan.name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            if self.plan.core is not None:
                os.sched_setaffinity(0, {self.plan.core})
            if self.plan.wait == "yielding":
                set_slice(SHORT_SLICE_NS)
            for host in self.hosts:
                host.vitals.header["thread_id"] = threading.get_native_id()
            reactor.run(self.record.ctypes.data)
        except Exception:  # the housekeeper ends the process with it
            self.failure = traceback.format_exc()

    def wake(self) -> None:
        """Ends the reactor's sleep."""
        os.eventfd_write(self._wake_fd, 1)

    def stop(self, timeout: float = 1.0) -> bool:
        """Asks the reactor to end after its turn; returns whether it did within ``timeout`` s."""
        self.record["stop"] = 1
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True
