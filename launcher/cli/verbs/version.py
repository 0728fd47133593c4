"""``pitwire version``: which Pitwire, on what."""

from __future__ import annotations

import importlib.metadata
import platform

import click

from launcher.cli.options import json_option, print_json

__all__ = ["command"]

_BENEATH = ("pyzmq", "numba", "numpy", "flatbuffers", "pydantic")


@click.command("version")
@json_option
def command(as_json: bool) -> None:
    """Print Pitwire's version and its libraries'."""
    versions = {"pitwire": importlib.metadata.version("pitwire"),
                "python": platform.python_version(),
                **{name: importlib.metadata.version(name) for name in _BENEATH}}
    if as_json:
        print_json(versions)
        return
    beneath = ", ".join(f"{name} {number}" for name, number in list(versions.items())[1:])
    click.echo(f"Pitwire {versions['pitwire']} ({beneath})")
