"""``pitwire graph``: what does the deployment look like?"""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import click

from launcher.cli.errors import Failure
from launcher.cli.options import topology_option

__all__ = ["command"]


@click.command("graph")
@topology_option
@click.option("--mermaid", "form", flag_value="mermaid", help="Print a Mermaid flowchart.")
@click.option("--dot", "form", flag_value="dot", help="Print a Graphviz DOT file.")
@click.option("--svg", type=click.Path(path_type=pathlib.Path), metavar="FILE",
              help="Write an SVG file, by Graphviz.")
def command(topology: pathlib.Path, form: str | None, svg: pathlib.Path | None) -> None:
    """Draw processes, actors and wires.

    In the terminal, or as Mermaid, DOT or SVG."""
    from launcher.graph import draw, to_dot, to_mermaid
    from launcher.topology import load_plan, summary

    if svg is not None and form is not None:
        raise click.UsageError(f"--svg and --{form} exclude each other")
    plan = load_plan(topology)
    if svg is not None:
        _write_svg(to_dot(plan), svg)
    elif form == "mermaid":
        click.echo(to_mermaid(plan), nl=False)
    elif form == "dot":
        click.echo(to_dot(plan), nl=False)
    else:
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        console.print(f"[bold]{plan.name}[/] · {topology}: {summary(plan)}")
        console.print(draw(plan))


def _write_svg(dot: str, svg: pathlib.Path) -> None:
    program = shutil.which("dot")
    if program is None:
        raise Failure("no program 'dot' on this machine, which draws the SVG",
                      "install Graphviz, or use --dot or --mermaid")
    drawn = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, check=False)
    if drawn.returncode != 0:
        raise Failure(f"dot failed: {drawn.stderr.decode(errors='replace').strip()}")
    try:
        svg.write_bytes(drawn.stdout)
    except OSError as error:
        raise Failure(f"cannot write {svg}: {error.strerror}") from None
