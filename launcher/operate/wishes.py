"""``pitwire stop``, ``start`` and ``restart``: what they ask for, and what came of it."""

from __future__ import annotations

import pathlib
from typing import Any

import click

from launcher.cli.options import print_json
from launcher.operate.asking import asking, wait_for_phase
from launcher.operate.deployment import Deployment
from launcher.operate.render import duration_text

__all__ = ["restart_actor", "say_done", "start_actor", "stop_actor"]

_TIMEOUT_S = 15.0

Done = tuple[str, dict[str, Any]]
"""What was done, in words, and the actor's row after it."""


def stop_actor(topology: pathlib.Path, actor: str) -> Done:
    """Stops the actor's process and waits for its end."""
    deployment = _deployment_with(topology, actor)
    with asking(deployment) as client:
        done = client.stop(actor)
        row = wait_for_phase(client, actor, "STOPPED", done["incarnation"], _TIMEOUT_S)
    return f"stopped{_with(actor, done)}", row


def start_actor(topology: pathlib.Path, actor: str) -> Done:
    """Starts the actor's process and waits until it runs."""
    deployment = _deployment_with(topology, actor)
    with asking(deployment) as client:
        if client.row(actor)["phase"] == "RUNNING":
            return "is running already", client.row(actor)
        done = client.start(actor)
        row = wait_for_phase(client, actor, "RUNNING", done["incarnation"], _TIMEOUT_S)
    return f"running{_with(actor, done)}, epoch {row['epoch']}", row


def restart_actor(topology: pathlib.Path, actor: str) -> Done:
    """Stops the actor's process, starts it again and waits until it runs."""
    deployment = _deployment_with(topology, actor)
    with asking(deployment) as client:
        done = client.restart(actor)
        row = wait_for_phase(client, actor, "RUNNING", done["incarnation"] + 1, _TIMEOUT_S)
    return f"running again{_with(actor, done)}, epoch {row['epoch']}", row


def say_done(text: str, row: dict[str, Any], as_json: bool) -> None:
    """Prints what was done: a sentence, or the actor's row."""
    if as_json:
        print_json(row)
        return
    since = f", up {duration_text(row['uptime_ns'])}" if row["uptime_ns"] else ""
    click.echo(f"{row['actor']}: {text}{since}")


def _deployment_with(topology: pathlib.Path, actor: str) -> Deployment:
    deployment = Deployment.running(topology)
    deployment.require_actor(actor)
    return deployment


def _with(actor: str, done: dict[str, Any]) -> str:
    others = [name for name in done["actors"] if name != actor]
    return f" with {', '.join(others)}" if others else ""
