"""What is wrong with a topology: where, what, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Path", "Problem", "TopologyInvalid", "did_you_mean", "dotted", "one_of"]

Path = tuple[str | int, ...]
"""Keys and list indexes from the root of a topology to a value."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a topology file.

    ``file`` is the path as shown to the user, ``line`` counts from 1 (0: the file as a whole),
    ``key`` is the dotted path of the value ('' at the root), ``hint`` says what to do ('' if the
    message says it all).
    """

    file: str
    line: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        hint = f" — {self.hint}" if self.hint else ""
        return _one_line(f"{where}:{key} {self.message}{hint}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class TopologyInvalid(Exception):
    """A topology cannot be used. ``problems`` holds all that is wrong with it, in file order."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def dotted(path: Path) -> str:
    """``("actors", "risk", "inputs", "orders", 0)`` as ``actors.risk.inputs.orders[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A hint with the known word nearest to ``word``, or, if none is near, the few there are."""
    known = list(words)
    lowered = {w.lower(): w for w in known}
    near = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{lowered[near[0]]}'?"
    return f"there is {one_of(known)}" if 0 < len(known) <= 12 else ""


def one_of(words: Sequence[str]) -> str:
    """``["a", "b", "c"]`` as ``a, b or c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
