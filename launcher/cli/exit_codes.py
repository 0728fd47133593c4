"""The exit codes of ``pitwire``: stable, for scripts to rely on."""

from __future__ import annotations

import enum

__all__ = ["ExitCode"]


class ExitCode(enum.IntEnum):
    """What a verb's end means. ``meaning`` says it in words."""

    meaning: str

    def __new__(cls, code: int, meaning: str):
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "done"
    FAILURE = 1, "failed; the error says why"
    USAGE = 2, "the command line is wrong"
    TOPOLOGY_INVALID = 3, "the topology has errors; nothing was started"
    NOT_RUNNING = 4, "the deployment is not running"
    ALREADY_RUNNING = 5, "the deployment is running already"
    START_FAILED = 6, "an actor did not start; everything was stopped"
    UNKNOWN_ACTOR = 7, "the deployment has no actor of that name"
    TIMED_OUT = 8, "the deployment did not answer, or did not get there, in time"
    DAMAGED = 9, "the journal is damaged"
    NO_SUPERVISOR = 10, "the deployment runs, but its supervisor is gone; up takes it over"
    INTERRUPTED = 130, "Ctrl-C before it was done"
