"""An actor in the foreground that takes its place in a running deployment, where it is stopped."""

from __future__ import annotations

import os

from actors.runtime.clock import monotonic_ns
from actors.runtime.pids import is_alive
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.asking import asking
from launcher.operate.deployment import Deployment, command_text
from launcher.operate.render import log_console
from launcher.run.foreground import ForegroundProcess, log_to_console
from launcher.topology.classes import extend_import_path
from schemas.enums import ActorState

__all__ = ["run_connected"]

_DOWN = ("STOPPED", "FATAL")


def run_connected(topology: str | os.PathLike[str], actor: str, for_ns: int | None,
                  debug: bool) -> None:
    """Runs the process of ``actor`` here, on the deployment's own wires, until Ctrl-C, or for
    ``for_ns``, or until the deployment ends.

    :class:`Failure` if it is not running, if the actor is not stopped there, or if it fails.
    """
    deployment = Deployment.running(topology)
    deployment.require_actor(actor)
    _check_stopped(deployment, actor)
    plan = deployment.plan
    process = plan.actor(actor).process
    console = log_console(stderr=True)
    others = [name for name in plan.process(process).actors if name != actor]
    if others:
        console.print(f"{', '.join(others)} shares the process of {actor} and comes along",
                      style="yellow")
    extend_import_path(plan.python_path)
    log_to_console(console, debug)
    until = monotonic_ns() + for_ns if for_ns is not None else None

    def finished() -> bool:
        return bool(deployment.page["draining"]) or (
            until is not None and monotonic_ns() >= until)

    console.print(f"{actor} takes its place in {plan.name}; Ctrl-C takes it out again", style="dim")
    foreground = ForegroundProcess(plan, process, console, finished)
    if foreground.run() != 0:
        raise Failure(f"{actor} failed: {foreground.failure or 'see above'}")


def _check_stopped(deployment: Deployment, actor: str) -> None:
    with asking(deployment) as client:
        row = client.row(actor)
    if row["phase"] not in _DOWN:
        raise Failure(f"{actor} runs in {deployment.plan.name} (pid {row['pid']}, {row['state']})",
                      f"stop it there first: {command_text(deployment.topology, 'stop', actor)}",
                      ExitCode.ALREADY_RUNNING)
    page = deployment.vitals(actor)
    if page is not None and int(page.header["state"]) == ActorState.RUNNING \
            and is_alive(int(page.header["pid"])):
        raise Failure(f"{actor} runs in the foreground already (pid {int(page.header['pid'])})",
                      "end that first", ExitCode.ALREADY_RUNNING)
