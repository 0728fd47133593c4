"""``pitwire run ACTOR``: one actor in the foreground."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import topology_option
from launcher.run.component import run_options

__all__ = ["command"]


@click.command("run")
@click.argument("actor")
@topology_option
@run_options
@click.option("--connect", is_flag=True,
              help="Take the actor's place in the running deployment, where it is stopped.")
def command(actor: str, topology: pathlib.Path, input_: str | None, generate: tuple,
            for_ns: int | None, debug: bool, connect: bool) -> None:
    """Run one ACTOR in the foreground, its neighbours stubbed.

    Messages for it are read as JSON Lines, one object a line with "port" and the message's fields;
    what it sends is printed likewise. Its log goes to standard error. Ends with the input."""
    from launcher.problems import did_you_mean
    from launcher.run.alone import Alone, RunOptions, input_of
    from launcher.topology import load_plan

    if connect:
        from launcher.run.connect import run_connected

        if input_ is not None or generate:
            raise click.UsageError("--connect takes its input from the deployment, not from "
                                   "--input or --generate")
        run_connected(topology, actor, for_ns, debug)
        return
    plan = load_plan(topology)
    names = [a.name for a in plan.actors]
    if actor not in names:
        raise Failure(f"no actor '{actor}' in {topology}", did_you_mean(actor, names),
                      ExitCode.UNKNOWN_ACTOR)
    run = Alone(plan.actor(actor), plan.symbols, RunOptions(for_ns=for_ns, generate=generate,
                                                            debug=debug), plan.python_path)
    run.options = RunOptions(input_of(input_, generate, run.cls), generate, for_ns, debug)
    run.run()
