"""``pitwire kill``: send a signal to an actor."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]


@click.command("kill")
@click.argument("actor")
@click.option("-s", "--signal", "number", default="KILL", show_default=True, metavar="SIG",
              help="Which signal: a name or a number.")
@topology_option
@json_option
def command(actor: str, number: str, topology: pathlib.Path, as_json: bool) -> None:
    """Send a signal to the process of ACTOR, to see what happens.

    The supervisor restarts what died, as the topology says. ACTOR may be `supervisor` itself:
    another one takes over."""
    from launcher.operate.asking import asking
    from launcher.operate.deployment import Deployment
    from launcher.operate.supervisor import signal_supervisor
    from launcher.topology.model import SUPERVISOR

    deployment = Deployment.running(topology)
    if actor == SUPERVISOR:
        done = signal_supervisor(deployment, number)
    else:
        deployment.require_actor(actor)
        with asking(deployment) as client:
            done = client.kill(actor, number)
    if as_json:
        print_json(done)
        return
    others = [name for name in done["actors"] if name != actor]
    shared = f", which {', '.join(others)} shared" if others else ""
    click.echo(f"{actor}: sent {done['signal']} to pid {done['pid']}{shared}")
