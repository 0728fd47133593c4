"""How processes end: wait statuses in words, and the supervisor's own exit statuses."""

from __future__ import annotations

import enum
import os
import signal

from actors.supervisor.state import Outcome

__all__ = ["ExitStatus", "OUTCOME_FILE", "describe_status", "exit_status_of"]

OUTCOME_FILE = "outcome.json"  # in the run folder: how the deployment ended, and why


class ExitStatus(enum.IntEnum):
    """The exit status of the supervisor."""

    ORDERLY = 0          #: somebody asked for the end
    FAILED = 1           #: the supervisor itself could not go on
    START_FAILED = 72    #: an actor did not start; everything was stopped
    HALTED = 73          #: an actor used up its restarts, and its rules say: halt
    ALREADY_RUNNING = 74


def exit_status_of(outcome: Outcome) -> ExitStatus:
    return ExitStatus[outcome.name]


def describe_status(wait_status: int) -> tuple[int, str]:
    """A wait status as an exit code (negative: the signal), and in words."""
    code = os.waitstatus_to_exitcode(wait_status)
    if code >= 0:
        return code, "stopped" if code == 0 else f"exit status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return code, f"killed by {name}"
