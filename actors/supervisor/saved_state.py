"""The supervisor's knowledge, kept in shared memory for its successor.

Written whole, before anything is done about it, whenever a decision changes it: incarnations,
restarts within the budget's period, backoffs, what people asked for, how far a shutdown is. What
the next look finds anyway (pulses) is left out. It does not outlive the machine: nor do the
processes.
"""

from __future__ import annotations

import os
import pathlib
from dataclasses import replace

import pydantic

from actors.supervisor.guard import STATE_FILE
from actors.supervisor.rules import Rules
from actors.supervisor.state import Stage, State

__all__ = ["SavedState", "saved_state"]

_FORM = pydantic.TypeAdapter(State)


def _durable(state: State) -> State:
    return replace(state, processes=tuple(
        replace(p, pulses=()) if p.pulses else p for p in state.processes))


class SavedState:
    """The file in ``shm_dir``."""

    def __init__(self, shm_dir: str | os.PathLike[str]):
        self._path = pathlib.Path(shm_dir) / STATE_FILE
        self._saved: State | None = None

    def save(self, state: State) -> None:
        """Writes what has to be known; a reader sees the old or the new, whole."""
        state = _durable(state)
        if state == self._saved:
            return
        written = self._path.with_suffix(f".{os.getpid()}")
        written.write_bytes(_FORM.dump_json(state))
        written.replace(self._path)
        self._saved = state


def saved_state(shm_dir: str | os.PathLike[str], rules: Rules) -> State | None:
    """What a supervisor that is gone knew; None if there was none, if the deployment ended, or if
    it is about other processes than ``rules``."""
    try:
        state = _FORM.validate_json((pathlib.Path(shm_dir) / STATE_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    if state.stage == Stage.ENDED or state.rules != rules:
        return None
    return state
