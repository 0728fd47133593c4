"""Runs the supervisor of one deployment from its plan to its end."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import pathlib
import shutil
import signal
import socket
import sys

import zmq
from loguru import logger

from actors.runtime.clock import monotonic_ns
from actors.runtime.histogram import record_ns
from actors.runtime.logs import open_log
from actors.runtime.plan import Plan
from actors.runtime.vitals import map_deployment
from actors.supervisor.control import CONTROL_SOCKET, ControlServer
from actors.supervisor.exit_status import OUTCOME_FILE, ExitStatus, exit_status_of
from actors.supervisor.nursery import Nursery
from actors.supervisor.pages import Pages
from actors.supervisor.parentage import adopt_orphans, close_on_exec
from actors.supervisor.rules import PlanError, rules_of
from actors.supervisor.shell import Shell
from actors.supervisor.spawner import ForkServerLink
from actors.supervisor.state import Outcome, initial_state
from actors.supervisor.verbs import verbs_of
from schemas.enums import ActorState

__all__ = ["run_supervisor"]


def run_supervisor(plan_path: str | os.PathLike[str], link: ForkServerLink | None = None) -> int:
    """Starts, watches and stops the deployment of the plan at ``plan_path``.

    Returns an :class:`ExitStatus`; why is also in ``<run_dir>/outcome.json``. Has to be called on
    the main thread. ``link``: a fork server that was started ahead.
    """
    plan_path = os.fspath(pathlib.Path(plan_path).absolute())
    plan = Plan.load(plan_path)
    close_on_exec()
    adopt_orphans()
    with contextlib.ExitStack() as stack:
        wake_fd = _catch_signals(stack)
        open_log(plan.run_dir, "supervisor")
        logger.configure(extra={"actor": "supervisor", "tag": "SUPERV", "epoch": 1})
        link = link or ForkServerLink(plan_path)
        nursery = Nursery(plan_path, link, monotonic_ns())
        stack.callback(nursery.close)
        other = _other_supervisor(plan)
        if other:
            return _refuse(plan, ExitStatus.ALREADY_RUNNING, f"process {other} supervises "
                                                             f"{plan.run_dir} already")
        try:
            rules = rules_of(plan)
        except PlanError as error:
            return _refuse(plan, ExitStatus.START_FAILED, str(error))
        outcome, reason = _supervise(plan, nursery, rules, wake_fd)
        status = exit_status_of(outcome)
        _note_outcome(plan, status, reason)
    return status


def _supervise(plan: Plan, nursery: Nursery, rules, wake_fd: int) -> tuple[Outcome, str]:
    pages = Pages(plan)
    record_ns.compile("(int64, int64)")  # not in the middle of somebody's restart
    shell = Shell(plan, pages, nursery, initial_state(rules, seed=monotonic_ns()))
    context = zmq.Context(io_threads=1)
    try:
        control = ControlServer(context, f"ipc://{plan.run_dir}/{CONTROL_SOCKET}", verbs_of(shell))
        try:
            shell.run(control, wake_fd)
        finally:
            control.close()
    except BaseException:
        for child in nursery.children:  # nobody is left to look after them
            child.send(signal.SIGKILL)
        raise
    finally:
        context.term()
        _remove_sockets(plan)
        pages.own_state(ActorState.STOPPED, shell.state.reason)
        pages.deployment["trading_enabled"] = 0
        if pages.deployment["detached"]:  # nobody waits to make a report of it
            shutil.rmtree(plan.shm_dir, ignore_errors=True)
    return shell.state.outcome, shell.state.reason


def _catch_signals(stack: contextlib.ExitStack) -> int:
    """A descriptor that gets a byte, its number, for each signal: SIGTERM, SIGINT, SIGCHLD."""
    ours, wakers = socket.socketpair()
    for end in (ours, wakers):
        end.setblocking(False)
        stack.callback(end.close)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        before = signal.signal(number, lambda *_: None)
        stack.callback(signal.signal, number, before)
    previous = signal.set_wakeup_fd(wakers.fileno(), warn_on_full_buffer=False)
    stack.callback(signal.set_wakeup_fd, previous)
    return ours.fileno()


def _other_supervisor(plan: Plan) -> int:
    """The pid of a supervisor that lives and has this deployment; 0 if there is none."""
    try:
        pid = int(map_deployment(plan.shm_dir)["supervisor_pid"])
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return pid if pid != os.getpid() and b"actors.supervisor" in command else 0


def _refuse(plan: Plan, status: ExitStatus, reason: str) -> int:
    logger.bind(tag="SYSTEM").error("{}", reason)
    print(reason, file=sys.stderr)
    if status != ExitStatus.ALREADY_RUNNING:  # the outcome is the other's to write
        _note_outcome(plan, status, reason)
    return status


def _note_outcome(plan: Plan, status: ExitStatus, reason: str) -> None:
    path = pathlib.Path(plan.run_dir) / OUTCOME_FILE
    path.write_text(json.dumps({"outcome": status.name, "status": int(status), "reason": reason}))


def _remove_sockets(plan: Plan) -> None:
    """Socket files that killed processes, and libzmq, leave behind."""
    stems = [w.address for w in plan.wires if w.transport == "ipc"]
    names = [name for stem in stems for name in glob.glob(f"{glob.escape(stem)}.*")]
    for name in [*names, f"{plan.run_dir}/{CONTROL_SOCKET}"]:
        with contextlib.suppress(OSError):
            os.unlink(name)
