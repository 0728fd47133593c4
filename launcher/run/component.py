"""``python -m actors.<name>``: a component by itself, without any topology."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import pydantic
import yaml

from actors.runtime.actor import Actor
from actors.runtime.host import load_class
from actors.runtime.plan import ActorPlan
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.problems import did_you_mean
from launcher.run.alone import Alone, RunOptions, input_of
from launcher.run.source import GenerateSpec, parse_generate
from actors.runtime.durations import parse_duration

__all__ = ["DURATION", "component_command", "main", "run_options"]

_DEFAULT_SYMBOLS = "AAPL,MSFT,GOOG,AMZN"


class _Duration(click.ParamType):
    name = "duration"

    def convert(self, value: Any, param, ctx) -> int:
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Generate(click.ParamType):
    name = "generate"

    def convert(self, value: Any, param, ctx) -> GenerateSpec:
        if isinstance(value, GenerateSpec):
            return value
        try:
            return parse_generate(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = _Duration()


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a run that ``pitwire run`` and ``python -m actors.<name>`` share."""
    for option in (
        click.option("--debug", is_flag=True, help="Also log details, such as tracebacks."),
        click.option("--for", "for_ns", type=DURATION, metavar="TIME",
                     help="Stop after so long, such as 30s."),
        click.option("--generate", type=_Generate(), multiple=True, metavar="PORT=RATE[,COUNT]",
                     help="Make messages up for an input: so many a second, so many in all."),
        click.option("--input", "input_", metavar="FILE",
                     help="JSON Lines to send in; - is standard input, which is the default."),
    ):
        command = option(command)
    return command


def main(kind: str, argv: Sequence[str] | None = None) -> None:
    """Runs the component ``kind`` with its default config, and exits.

    ``argv``: the command line's words, those of this process if None.
    """
    sys.exit(component_command(kind).main(list(argv) if argv is not None else None,
                                          prog_name=f"python -m actors.{kind}"))


def component_command(kind: str) -> click.Command:
    """The command behind ``python -m actors.<kind>``."""

    @click.command(help=f"Run the {kind} alone, its neighbours stubbed: JSON Lines in, JSON Lines "
                        "out, its log on standard error.")
    @run_options
    @click.option("--config", "config", multiple=True, metavar="KEY=VALUE",
                  help="Set a key of its config; the value is YAML.")
    @click.option("--symbols", default=_DEFAULT_SYMBOLS, show_default=True, metavar="A,B,...")
    @click.option("--class", "class_name", metavar="NAME", help="Which of its actors to run.")
    def command(input_, generate, for_ns, debug, config, symbols, class_name):
        cls = _class_of(kind, class_name)
        options = RunOptions(input_of(input_, generate, cls), generate, for_ns, debug)
        plan = ActorPlan(kind, 0, f"actors.{kind}:{cls.__name__}", _config(cls, config), kind,
                         "main")
        Alone(plan, tuple(filter(None, symbols.split(","))), options).run()

    return command


def _class_of(kind: str, name: str | None) -> type[Actor]:
    package = importlib.import_module(f"actors.{kind}")
    found = {word: value for word in package.__all__
             if isinstance(value := getattr(package, word), type) and issubclass(value, Actor)}
    if name is not None and name not in found:
        raise Failure(f"actors.{kind} has no actor '{name}'", did_you_mean(name, found),
                      ExitCode.UNKNOWN_ACTOR)
    chosen = name or next((n for n, cls in found.items() if _complete(cls)), None)
    if chosen is None:
        raise Failure(f"actors.{kind} offers no actor")
    return load_class(f"actors.{kind}:{chosen}")


def _complete(cls: type[Actor]) -> bool:
    """Whether every input has its handler, or none has; a base class leaves some to subclasses."""
    given = [port.handler is not None for port in cls.inputs.values()]
    return all(given) or not any(given)


def _config(cls: type[Actor], words: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise click.BadParameter(f"'{word}' is not KEY=VALUE", param_hint="--config")
        try:
            said[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            said[key] = value
    try:
        return cls.Config(**said).model_dump(mode="json", by_alias=True)
    except pydantic.ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
                         for item in error.errors(include_url=False))
        raise Failure(f"config of {cls.__name__}: {told}",
                      f"it knows {', '.join(cls.Config.model_fields)}", ExitCode.USAGE) from None
