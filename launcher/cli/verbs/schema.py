"""``pitwire schema``: the JSON Schema of topology files."""

from __future__ import annotations

import json
import pathlib

import click

from launcher.cli.errors import Failure

__all__ = ["command"]


@click.command("schema")
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), metavar="FILE",
              help="Write it to FILE.")
def command(output: pathlib.Path | None) -> None:
    """Print the JSON Schema of topology files.

    Editors complete and check a topology with it."""
    from launcher.topology.classes import ClassUnusable
    from launcher.topology.schema import topology_schema

    try:
        text = json.dumps(topology_schema(), indent=2, ensure_ascii=False) + "\n"
    except ClassUnusable as error:
        raise Failure(f"a built-in actor cannot be had: {error}", error.hint) from None
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {output}: {error.strerror}") from None
