"""``pitwire up``: run a deployment."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.errors import Failure
from launcher.cli.options import json_option, print_json, topology_option
from launcher.run.component import DURATION

__all__ = ["command"]


@click.command("up")
@topology_option
@click.option("-d", "--detach", is_flag=True,
              help="Come back once trading is enabled; `pitwire down` stops it.")
@click.option("--for", "for_ns", type=DURATION, metavar="TIME",
              help="Stop so long after trading was enabled, such as 30s.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=pathlib.Path), metavar="FILE",
              help="Write a report of the run to FILE, as JSON, when it ends.")
@json_option
def command(topology: pathlib.Path, detach: bool, for_ns: int | None, report: pathlib.Path | None,
            as_json: bool) -> None:
    """Start everything and follow it.

    Ctrl-C or SIGTERM stops everything in good order; twice kills. With --json the report goes to
    standard output and the log to standard error."""
    from launcher.operate.render import log_console
    from launcher.operate.summary import print_summary
    from launcher.operate.up import Run, UpOptions
    from launcher.topology import load_plan

    if detach and (for_ns is not None or report is not None):
        raise click.UsageError("--detach comes back at once: --for and --report need a run that is "
                               "followed to its end")
    if report is not None and not report.absolute().parent.is_dir():
        raise Failure(f"cannot write {report}: there is no folder {report.parent}")
    plan = load_plan(topology)
    console = log_console(stderr=as_json)
    run = Run(topology, plan, UpOptions(detach, for_ns, report), console)
    try:
        run.run()
    finally:
        if run.report is not None and as_json:
            print_json(run.report)
        elif run.report is not None:
            print_summary(run.report, console)
    if detach and as_json:
        print_json({"name": plan.name, "supervisor_pid": run.supervisor_pid,
                    "run_dir": plan.run_dir, "trading_enabled": True})
