"""Errors that a verb tells the user of: a sentence, what to do, an exit code, no traceback."""

from __future__ import annotations

from typing import IO, Any

import click

from launcher.cli.exit_codes import ExitCode

__all__ = ["Failure", "InvalidTopology"]


class Failure(click.ClickException):
    """A verb cannot do what it was asked to. ``hint`` says what the user can do about it."""

    def __init__(self, message: str, hint: str = "", code: ExitCode = ExitCode.FAILURE):
        super().__init__(message)
        self.hint = hint
        self.exit_code = int(code)

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {self.message}", file, err=True)
        if self.hint:
            click.echo(f"{click.style('hint:', fg='cyan')} {self.hint}", file, err=True)


class InvalidTopology(Failure):
    """A topology has errors: each on a line of its own, as ``file:line: key: message``."""

    def __init__(self, problems: tuple):
        count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__(f"{count} in the topology; nothing was started",
                         code=ExitCode.TOPOLOGY_INVALID)
        self.problems = problems

    def show(self, file: IO[Any] | None = None) -> None:
        for problem in self.problems:
            click.echo(str(problem), file, err=True)
        super().show(file)
