"""The command ``pitwire``: one verb per module in :mod:`launcher.cli.verbs`.

A verb's module is imported when it is called, not to list it in ``--help``: Numba alone takes
longer to load than most verbs to run.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pathlib
import pkgutil
import sys

import click

from launcher.cli.errors import Failure, InvalidTopology
from launcher.cli.exit_codes import ExitCode
from launcher.problems import TopologyInvalid, did_you_mean

__all__ = ["ExitCode", "Failure", "cli", "main"]

_VERBS = "launcher.cli.verbs"


class _Verbs(click.Group):
    """A click group whose commands are the modules of a package, each with a ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        package = importlib.import_module(_VERBS)
        return sorted(module.name.replace("_", "-")
                      for module in pkgutil.iter_modules(package.__path__))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        return importlib.import_module(f"{_VERBS}.{name.replace('-', '_')}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, _first_line(name)) for name in self.list_commands(ctx)])

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            raise click.UsageError(_unknown_verb(args[0], self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except TopologyInvalid as error:
            raise InvalidTopology(error.problems) from None
        except KeyboardInterrupt:
            click.echo(err=True)  # the terminal shows ^C on a line that is not ended
            ctx.exit(ExitCode.INTERRUPTED)


def _first_line(verb: str) -> str:
    """The first line of the docstring of a verb's function ``command``, read without import."""
    spec = importlib.util.find_spec(f"{_VERBS}.{verb.replace('-', '_')}")
    for node in ast.parse(pathlib.Path(spec.origin).read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name == "command":
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return ""


def _unknown_verb(verb: str, verbs: list[str]) -> str:
    hint = did_you_mean(verb, verbs)
    return f"no verb '{verb}'" + (f" — {hint}" if hint.startswith("did") else "")


def _epilog() -> str:
    codes = "\n".join(f"  {code.value:<4} {code.meaning}" for code in ExitCode)
    return f"\b\nExit codes:\n{codes}"


@click.group(cls=_Verbs, epilog=_epilog(), subcommand_metavar="VERB [ARGS]...",
             context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-f", "--file", "file", type=click.Path(path_type=pathlib.Path), metavar="FILE",
              envvar="PITWIRE_TOPOLOGY",
              help="The topology file, also after the verb  [default: topology.yaml]")
def cli(file: pathlib.Path | None) -> None:
    """Pitwire: an electronic trading system, described by one topology file."""


def main() -> None:
    """The entry point of the console script ``pitwire``."""
    sys.exit(cli.main(prog_name="pitwire"))
