"""``pitwire chaos``: experiments that do harm, and check what is left."""

from __future__ import annotations

import json
import pathlib

import click

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, print_json
from launcher.run.component import DURATION

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


@click.group("chaos")
def command() -> None:
    """Do harm by experiment, and check what is left: `run`, `check`, `points`, `document`."""


def _topology_option(verb):
    return click.option("-f", "--file", "topology", type=_FILE, metavar="FILE",
                        help="Another topology than the experiment names.")(verb)


@command.command("check")
@click.argument("file", type=_FILE)
@_topology_option
@json_option
@click.pass_context
def check(context: click.Context, file: pathlib.Path, topology: pathlib.Path | None,
          as_json: bool) -> None:
    """Report all errors of an experiment file at once."""
    from launcher.chaos.load import load_experiment
    from launcher.problems import TopologyInvalid

    try:
        loaded, problems = load_experiment(file, topology), ()
    except TopologyInvalid as error:
        loaded, problems = None, error.problems
    if as_json:
        print_json({"ok": loaded is not None, "problems": [p.to_json() for p in problems]})
    else:
        for problem in problems:
            click.echo(str(problem), err=True)
        if loaded is not None:
            click.echo(f"{file}: {loaded.experiment.name}, {len(loaded.experiment.method)} "
                       f"step{'s' if len(loaded.experiment.method) != 1 else ''}: no errors")
    if loaded is None:
        context.exit(ExitCode.TOPOLOGY_INVALID)


@command.command("points")
@click.argument("topology", type=_FILE, default="topology.yaml")
@json_option
def points(topology: pathlib.Path, as_json: bool) -> None:
    """List the crash points of every actor of a topology."""
    from launcher.chaos.load import crash_points
    from launcher.topology import load_plan

    found = crash_points(load_plan(topology))
    if as_json:
        print_json(found)
        return
    for actor, names in found.items():
        click.echo(f"{actor}: {', '.join(names) or 'none'}")


@command.command("run")
@click.argument("file", type=_FILE)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True,
              help="What is random follows from it.")
@click.option("--for", "for_ns", type=DURATION, metavar="TIME",
              help="How long, in place of what the file says.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the result to FILE.")
@click.option("--schedule", "schedule_file", type=_FILE, metavar="FILE",
              help="Write what exactly is done to FILE, which runs it again.  [default: beside the "
                   "deployment's logs]")
@click.option("--attach", is_flag=True, help="Experiment on the deployment that runs already.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the result.")
@_topology_option
@click.pass_context
def run(context: click.Context, file: pathlib.Path, seed: int, for_ns: int | None,
        json_file: pathlib.Path | None, schedule_file: pathlib.Path | None, attach: bool,
        quiet: bool, topology: pathlib.Path | None) -> None:
    """Run an experiment: steady state, faults, invariants.

    Starts the experiment's topology, does what the file says, then checks that everything is well
    again and that gateway, risk and strategies believe what the exchange knows. Exits with 0 if all
    holds, with 1 if not. The same seed does the same."""
    from rich.console import Console

    from launcher.chaos.load import load_experiment
    from launcher.chaos.render import invariant_lines, matrix_table
    from launcher.chaos.run import ChaosRun
    from launcher.chaos.schedule import make_schedule

    loaded = load_experiment(file, topology)
    lasts_ns = for_ns or loaded.experiment.lasts
    plan = loaded.plan
    steps = make_schedule(loaded.experiment, seed, [a.name for a in plan.actors],
                          [w.name for w in plan.wires], lasts_ns)
    written = _write_schedule(loaded, steps, lasts_ns, seed, schedule_file)
    tell = (lambda line: None) if quiet else lambda line: click.echo(line, err=True)
    result = ChaosRun(loaded, steps, lasts_ns, seed, tell, attach).run()
    result["schedule"] = str(written)
    if json_file is not None:
        _write(json_file, json.dumps(result, indent=1) + "\n")
    console = Console(highlight=False, soft_wrap=True)
    console.print(matrix_table(result["matrix"]))
    for line in invariant_lines(result["invariants"]):
        console.print(line)
    click.echo(f"{'all holds' if result['holds'] else 'NOT ALL HOLDS'}: {result['experiment']}, "
               f"seed {seed}; what was done: {written}")
    if not result["holds"]:
        context.exit(ExitCode.FAILURE)


@command.command("document")
@click.argument("results", type=_FILE, nargs=-1, required=True)
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="Write it to FILE.")
def document(results: tuple[pathlib.Path, ...], output: pathlib.Path | None) -> None:
    """Make a page of what happens when, of RESULTS that `run --json` wrote."""
    from launcher.chaos.document import failures_page

    try:
        read = [json.loads(path.read_text()) for path in results]
        page = failures_page(read)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(f"cannot make a page of these results: {type(error).__name__}: {error}",
                      "they must be what `pitwire chaos run --json` wrote") from None
    if output is None:
        click.echo(page, nl=False)
    else:
        _write(output, page)


def _write_schedule(loaded, steps, lasts_ns: int, seed: int,
                    file: pathlib.Path | None) -> pathlib.Path:
    """Saves what is going to be done; an experiment that is killed can be run again too."""
    import os

    import yaml

    from launcher.chaos.schedule import schedule_document

    path = file or pathlib.Path(loaded.plan.run_dir) / f"chaos-{loaded.path.stem}-{seed}.yaml"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    topology = os.path.relpath(loaded.topology.resolve(), path.parent.resolve())
    document = schedule_document(loaded.experiment, steps, topology, lasts_ns)
    _write(path, f"# What {loaded.path} does with seed {seed}.\n"
                 + yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    return path


def _write(path: pathlib.Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from None
