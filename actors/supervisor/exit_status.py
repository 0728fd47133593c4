"""How processes end: exit codes in words, and the supervisor's own exit statuses."""

from __future__ import annotations

import enum
import signal

from actors.supervisor.state import Outcome

__all__ = ["ExitStatus", "OUTCOME_FILE", "describe_exit", "exit_status_of"]

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


def describe_exit(code: int) -> str:
    """An exit code, negative for the signal that killed, in words."""
    if code >= 0:
        return "stopped" if code == 0 else f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
