"""Asking the supervisor: its refusals become failures that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from actors.supervisor import ControlClient, ControlError
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment, command_text, not_running

__all__ = ["asking", "no_supervisor", "wait_for_phase"]

_CODES = {"unknown_actor": ExitCode.UNKNOWN_ACTOR, "bad_signal": ExitCode.USAGE,
          "timeout": ExitCode.TIMED_OUT}


@contextlib.contextmanager
def asking(deployment: Deployment, timeout: float = 2.0) -> Iterator[ControlClient]:
    """A connection to the deployment's supervisor. :class:`Failure` for what it refuses."""
    with ControlClient(deployment.run_dir, timeout) as client:
        try:
            yield client
        except ControlError as error:
            if error.code == "no_deployment" and deployment.is_running:
                raise no_supervisor(deployment) from None
            if error.code == "no_deployment":
                raise not_running(deployment.topology) from None
            hint = ""
            if error.code == "not_running":
                hint = f"see {command_text(deployment.topology, 'ps')}"
            raise Failure(str(error), hint, _CODES.get(error.code, ExitCode.FAILURE)) from None


def no_supervisor(deployment: Deployment) -> Failure:
    """Actors run, and nobody looks after them."""
    up, down = (command_text(deployment.topology, verb) for verb in ("up", "down"))
    return Failure(f"{deployment.plan.name} runs, but its supervisor is gone",
                   f"take it over with: {up}; end it with: {down}", ExitCode.NO_SUPERVISOR)


def wait_for_phase(client: ControlClient, actor: str, phase: str, incarnation: int,
                   timeout: float) -> dict[str, Any]:
    """Waits until the actor's process is in ``phase``, in this incarnation or a later one.

    Returns its row. :class:`Failure` if it is given up, or not there after ``timeout`` s.
    """
    def settled(row: dict[str, Any]) -> bool:
        there = row["phase"] == phase and row["incarnation"] >= incarnation
        return there or row["phase"] == "FATAL" and row["incarnation"] >= incarnation

    row = client.wait_until(actor, settled, timeout)
    if row["phase"] != phase:
        raise Failure(f"{actor} was given up: {row['reason']}", code=ExitCode.START_FAILED)
    return row
