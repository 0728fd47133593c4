"""``pitwire top``: a running deployment, live."""

from __future__ import annotations

import dataclasses
import pathlib
import time

import click

from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]

_ONCE_S = 1.0


@click.command("top")
@topology_option
@click.option("--hz", type=click.FloatRange(0.2, 10), default=2.0, show_default=True,
              help="How often to look.")
@click.option("--once", is_flag=True, help="Print one look, over a second, and end.")
@json_option
def command(topology: pathlib.Path, hz: float, once: bool, as_json: bool) -> None:
    """Show rates, latencies, positions, wires and actors, live.

    Only looks at shared memory: it costs the deployment nothing. Ctrl-C ends it."""
    from rich.console import Console
    from rich.live import Live

    from launcher.operate.deployment import Deployment
    from launcher.top import Watch, view

    deployment = Deployment.running(topology)
    watch = Watch(deployment)
    console = Console(highlight=False)
    if once or as_json or not console.is_terminal:
        time.sleep(_ONCE_S)
        watch.look()
        if as_json:
            print_json(dataclasses.asdict(watch.frame()))
        else:
            console.print(view(watch.frame()))
        return
    try:
        with Live(view(watch.frame()), console=console, screen=True, auto_refresh=False) as live:
            while deployment.is_running:
                time.sleep(1 / hz)
                watch.look()
                live.update(view(watch.frame()), refresh=True)
    except KeyboardInterrupt:
        return
    console.print(f"the deployment of {topology} has ended")
