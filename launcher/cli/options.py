"""Options that many verbs share."""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Callable
from typing import Any

import click

__all__ = ["json_option", "long_topology_option", "print_json", "timeout_option",
           "topology_option"]

DEFAULT_TOPOLOGY = "topology.yaml"


def _topology_option(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(*names, "file", type=click.Path(path_type=pathlib.Path), metavar="FILE",
                      help="The topology file.")
        @click.pass_context
        @functools.wraps(verb)
        def with_topology(context: click.Context, /, *args, file: pathlib.Path | None, **kwargs):
            given = file or context.find_root().params.get("file")
            return verb(*args, topology=given or pathlib.Path(DEFAULT_TOPOLOGY), **kwargs)

        return with_topology

    return decorate


topology_option = _topology_option("-f", "--file")
"""Gives a verb the argument ``topology``, a path: of ``-f`` after the verb or before it, else of
``$PITWIRE_TOPOLOGY``, else ``topology.yaml`` in the current folder."""

long_topology_option = _topology_option("--file")
"""The same for a verb whose own ``-f`` means something else."""


def timeout_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Gives ``verb`` the argument ``timeout``, in seconds."""
    return click.option("--timeout", type=click.FloatRange(0.1, 3600), default=10.0, metavar="S",
                        show_default=True, help="Seconds to wait until it came about.")(verb)


def json_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Gives ``verb`` the flag ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(verb)


def print_json(data: Any) -> None:
    """``data`` on standard output as indented JSON."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))
