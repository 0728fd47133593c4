"""``python -m bench [NAME ...] [--quick] [--json FILE]``: runs benchmarks, prints their tables.

Exit status 0 when every benchmark ran, whether or not it met its target; 1 when one failed to run.
"""

from __future__ import annotations

import json
import pathlib
import sys

import click
from rich.console import Console

from bench import (
    flow, gateway_journal, itch, journal, machine, matching, orders, tap, tick_to_trade, venue,
)
from bench.table import print_rows, row_json

BENCHMARKS = {module.NAME: module
              for module in (tick_to_trade, orders, matching, venue, itch, flow, tap, journal,
                             gateway_journal)}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Shorter runs, fewer rounds.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=pathlib.Path),
              help="Write all figures to this file.")
def main(names: tuple[str, ...], quick: bool, json_file: pathlib.Path | None) -> None:
    """Run benchmarks (all by default) and print what they measured beside their targets."""
    console = Console(width=None if sys.stdout.isatty() else 110)
    where = machine.describe()
    console.print(", ".join(f"{key} {value}" for key, value in where.items()))
    results, failed = {}, False
    for name in names or BENCHMARKS:
        console.print(f"running {name} ...")
        try:
            rows = BENCHMARKS[name].run(quick)
        except RuntimeError as error:
            console.print(f"[bold red]{name} failed[/]: {error}")
            failed = True
            continue
        print_rows(console, name, rows)
        results[name] = [row_json(row) for row in rows]
    if json_file is not None:
        json_file.write_text(json.dumps({"machine": where, "results": results}, indent=1) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
