"""``pitwire journal``: what actors wrote down to recover from."""

from __future__ import annotations

import json
import os
import pathlib
import sys

import click

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, print_json

__all__ = ["command"]

_PATH = click.Path(exists=True, path_type=pathlib.Path)


@click.group("journal")
def command() -> None:
    """Print, check or cut a journal: `show`, `verify`, `cut`."""


@command.command("show")
@click.argument("path", type=_PATH, metavar="FILE|FOLDER")
@click.option("--from", "begin", type=click.IntRange(min=1), default=1, metavar="N",
              help="Begin with record N.")
@click.option("--count", type=click.IntRange(min=0), metavar="N", help="End after N records.")
@json_option
def show(path: pathlib.Path, begin: int, count: int | None, as_json: bool) -> None:
    """Print the records of a journal, of one segment or of a folder of them.

    With --json one object a line. The journal may be written meanwhile. Exits with 9 if there is
    damage, after the sound records before it."""
    from itertools import islice

    from actors.runtime.journal import read_records
    from launcher.journal import damage_text, found_journal, record_json, record_text

    reading = found_journal(path)
    try:
        for record in islice(read_records(reading, begin), count):
            click.echo(json.dumps(record_json(reading, record)) if as_json
                       else record_text(reading, record))
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if reading.damage is not None:
        raise Failure(damage_text(reading), code=ExitCode.DAMAGED)


@command.command("verify")
@click.argument("path", type=_PATH, metavar="FILE|FOLDER")
@json_option
@click.pass_context
def verify(context: click.Context, path: pathlib.Path, as_json: bool) -> None:
    """Check every record and checkpoint. Exits with 0 if all are sound, with 9 if not."""
    from launcher.journal import checkpoint_lines, damage_text, found_journal

    reading, marks = found_journal(path), checkpoint_lines(path)
    sound = reading.damage is None and all(mark is not None for _, mark in marks)
    if as_json:
        print_json({"sound": sound, "kind": reading.kind, "first": reading.first,
                    "last": reading.following - 1, "records": reading.records,
                    "segments": len(reading.parts), "unfinished": reading.unfinished,
                    "damage": damage_text(reading) or None,
                    "checkpoints": [{"text": text, "sound": mark is not None,
                                     "sequence": mark.sequence if mark else None}
                                    for text, mark in marks]})
    else:
        click.echo(f"{path}: journal of a {reading.kind}, records {reading.first:,} to "
                   f"{reading.following - 1:,} in {len(reading.parts)} segments")
        if reading.unfinished:
            click.echo("behind the last record one was begun and not committed")
        for text, _ in marks:
            click.echo(text)
        if reading.damage is not None:
            click.echo(damage_text(reading), err=True)
    if not sound:
        context.exit(ExitCode.DAMAGED)


@command.command("cut")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=pathlib.Path),
                metavar="FOLDER")
def cut(path: pathlib.Path) -> None:
    """Give up a damaged journal's records from the damage on, so that it can be opened.

    Not while an actor writes it."""
    from actors.runtime.journal import Journal, JournalError

    try:
        damage = Journal.cut(path)
    except JournalError as error:
        raise Failure(str(error), "", ExitCode.DAMAGED) from None
    click.echo(f"{path}: no damage, nothing cut" if damage is None else
               f"{path}: cut; record {damage.sequence - 1:,} is the last")
