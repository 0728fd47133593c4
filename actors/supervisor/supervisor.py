"""Runs the supervisor of one deployment: from its plan, or from what the last one left."""

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
from actors.supervisor.control import CONTROL_SOCKET, ControlServer
from actors.supervisor.exit_status import OUTCOME_FILE, ExitStatus, exit_status_of
from actors.supervisor.family import Family
from actors.supervisor.guard import RUN_LOCK, supervisor_pid, take_supervision
from actors.supervisor.nursery import Nursery
from actors.supervisor.pages import Pages
from actors.supervisor.parentage import adopt_orphans, close_on_exec
from actors.supervisor.rules import PlanError, Rules, rules_of
from actors.supervisor.saved_state import saved_state
from actors.supervisor.shell import Shell, Superseded
from actors.supervisor.spawner import ForkServerLink
from actors.supervisor.state import Outcome, initial_state
from actors.supervisor.takeover import births_of, end_fork_server, find_processes
from actors.supervisor.verbs import verbs_of
from schemas.enums import ActorState

__all__ = ["run_supervisor"]


def run_supervisor(plan_path: str | os.PathLike[str], link: ForkServerLink | None = None,
                   family: Family | None = None) -> int:
    """Starts, watches and stops the deployment of the plan at ``plan_path``, or goes on with one
    that runs and whose supervisor is gone.

    Returns an :class:`ExitStatus`; why is also in ``<run_dir>/outcome.json``. Has to be called on
    the main thread. ``link``: a fork server that there is already; ``family``: its children.
    """
    plan_path = os.fspath(pathlib.Path(plan_path).absolute())
    plan = Plan.load(plan_path)
    close_on_exec(but=f"{plan.run_dir}/{RUN_LOCK}")
    adopt_orphans()
    with contextlib.ExitStack() as stack:
        wake_fd = _catch_signals(stack)
        open_log(plan.run_dir, "supervisor")
        logger.configure(extra={"actor": "supervisor", "tag": "SUPERV", "epoch": 1})
        link = link or ForkServerLink(plan_path)
        nursery = Nursery(plan_path, link, monotonic_ns(), births=lambda: births_of(plan))
        status = _supervise_alone(plan, nursery, family, wake_fd)
        nursery.close()  # not after an error: the fork server then sees to a successor
    return status


def _supervise_alone(plan: Plan, nursery: Nursery, family: Family | None, wake_fd: int) -> int:
    """With the lock of the deployment's only supervisor."""
    lock = take_supervision(plan.run_dir)
    if lock is None:
        return _refuse(plan, ExitStatus.ALREADY_RUNNING,
                       f"process {supervisor_pid(plan.run_dir)} supervises {plan.run_dir} already")
    try:
        rules = rules_of(plan)
    except PlanError as error:
        return _refuse(plan, ExitStatus.START_FAILED, str(error))
    try:
        outcome, reason = _supervise(plan, nursery, rules, family, wake_fd)
    except Superseded as error:
        return _refuse(plan, ExitStatus.ALREADY_RUNNING, str(error))
    status = exit_status_of(outcome)
    _note_outcome(plan, status, reason)
    lock.close()
    return status


def _supervise(plan: Plan, nursery: Nursery, rules: Rules, family: Family | None,
               wake_fd: int) -> tuple[Outcome, str]:
    saved = saved_state(plan.shm_dir, rules)
    record_ns.compile("(int64, int64)")  # not in the middle of somebody's restart
    pages = Pages(plan, adopt=saved is not None)
    logger.configure(extra={"actor": "supervisor", "tag": "SUPERV",
                            "epoch": int(pages.own.header["epoch"])})
    shell = Shell(plan, pages, nursery, saved or initial_state(rules, seed=monotonic_ns()))
    context = zmq.Context(io_threads=1)
    try:
        control = ControlServer(context, f"ipc://{plan.run_dir}/{CONTROL_SOCKET}", verbs_of(shell))
        try:
            if saved is not None:
                if family is None:
                    end_fork_server(pages)
                shell.adopt(find_processes(plan, pages, family, nursery.server_pid,
                                           nursery.children))
            shell.run(control, wake_fd)
        finally:
            control.close()
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
