"""Starts a deployment's processes, restarts those that fail, stops them, and answers questions.

Names are loaded when they are used: commands that only ask need no compiler.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ControlClient": "client", "ControlError": "client", "NotRunning": "client",
    "ExitStatus": "exit_status", "OUTCOME_FILE": "exit_status",
    "PlanError": "rules", "rules_of": "rules",
    "Progress": "warm", "WarmResult": "warm", "warm_up": "warm",
    "run_supervisor": "supervisor",
}

__all__ = ["ControlClient", "ControlError", "ExitStatus", "NotRunning", "OUTCOME_FILE", "PlanError",
           "Progress", "WarmResult", "rules_of", "run_supervisor", "warm_up"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
