"""What the control socket's verbs do: read the shell's state, or feed it a wish."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from actors.runtime.clock import monotonic_ns
from actors.supervisor.control import RequestError, signal_number, text_argument
from actors.supervisor.shell import Shell
from actors.supervisor.shutdown import SHUTTING_DOWN
from actors.supervisor.state import (
    Outcome, RestartRequested, Shutdown, StartRequested, StopRequested,
)
from actors.supervisor.trading_verbs import trading_verbs_of

__all__ = ["verbs_of"]

Request = Mapping[str, Any]

_OWN_FIELDS = frozenset({"n", "t_ns", "kind", "process", "actors", "text", "level"})


def verbs_of(shell: Shell) -> dict[str, Callable[[Request], dict[str, Any]]]:
    """The verbs by name, for a ControlServer."""
    return {
        "ping": lambda request: {"pid": os.getpid()},
        "status": lambda request: _status(shell),
        "ps": lambda request: {"actors": shell.table.rows(shell.state, monotonic_ns()),
                               "stage": shell.state.stage.value,
                               "trading": shell.switch.summary()},
        "events": lambda request: _events(shell, request),
        "note": lambda request: _note(shell, request),
        "kill": lambda request: _kill(shell, request),
        "stop": lambda request: _wish(shell, request, StopRequested),
        "start": lambda request: _wish(shell, request, StartRequested),
        "restart": lambda request: _wish(shell, request, RestartRequested),
        "shutdown": lambda request: _shutdown(shell, request),
        **trading_verbs_of(shell.plan, shell.switch),
    }


def _status(shell: Shell) -> dict[str, Any]:
    state, deployment = shell.state, shell.pages.deployment
    return {
        "name": shell.plan.name, "pid": os.getpid(), "stage": state.stage.value,
        "progress": dict(shell.nursery.progress),
        "trading_enabled": bool(deployment["trading_enabled"]),
        "uptime_ns": monotonic_ns() - int(deployment["started_ns"]),
        "trading": shell.switch.summary(),
        "outcome": state.outcome.value, "reason": state.reason,
        "waiting_for": [p.name for p in state.processes if p.on_its_way],
        "restarts": {a.name: max(state.process(a.process).incarnation - 1, 0)
                     for a in shell.plan.actors},
    }


def _events(shell: Shell, request: Request) -> dict[str, Any]:
    since = request.get("since", 0)
    if isinstance(since, bool) or not isinstance(since, int):
        raise RequestError("bad_request", "'since' has to be a number of an event")
    events, missed = shell.events.since(since)
    return {"events": events, "next": shell.events.last, "missed": missed}


def _note(shell: Shell, request: Request) -> dict[str, Any]:
    """An event from somebody outside, such as an experiment that did something to an actor."""
    kind, text = text_argument(request, "kind"), text_argument(request, "text")
    data = request.get("data", {})
    if not isinstance(data, dict) or _OWN_FIELDS & data.keys():
        raise RequestError("bad_request", "'data' has to be an object without "
                                          f"{', '.join(sorted(_OWN_FIELDS))}")
    process = _process_of(shell, request) if request.get("actor") else ""
    shell.tell(kind, process, text, **data)
    return {"n": shell.events.last}


def _process_of(shell: Shell, request: Request) -> str:
    actor = text_argument(request, "actor")
    for known in shell.plan.actors:
        if known.name == actor:
            return known.process
    if actor == "supervisor":
        raise RequestError("unknown_actor", "that is the supervisor itself: use 'shutdown'")
    names = ", ".join(a.name for a in shell.plan.actors)
    raise RequestError("unknown_actor", f"no actor {actor[:60]!r}; there are {names}")


def _about(shell: Shell, process: str) -> dict[str, Any]:
    return {"process": process, "actors": list(shell.plan.process(process).actors),
            "incarnation": shell.state.process(process).incarnation}


def _kill(shell: Shell, request: Request) -> dict[str, Any]:
    process = _process_of(shell, request)
    number = signal_number(request.get("signal", "KILL"))
    child = shell.nursery.children.of(process)
    if child is None or not child.pid or not child.send(number):
        phase = shell.state.process(process).phase.value
        raise RequestError("not_running", f"process {process} does not run (it is {phase})")
    return {**_about(shell, process), "pid": child.pid, "signal": number.name}


def _wish(shell: Shell, request: Request,
          wish: type[StopRequested | StartRequested | RestartRequested]) -> dict[str, Any]:
    process = _process_of(shell, request)
    if shell.state.stage in SHUTTING_DOWN:
        raise RequestError("stopping", "the deployment is stopping")
    about = _about(shell, process)
    shell.feed(wish(process))
    return about


def _shutdown(shell: Shell, request: Request) -> dict[str, Any]:
    reason = request.get("reason", "")
    shell.feed(Shutdown(Outcome.ORDERLY, reason if isinstance(reason, str) else ""))
    return {"stage": shell.state.stage.value}
