"""What goes into an actor that runs alone: lines of JSON, or messages made up at a rate."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from actors.runtime.actor import Input
from launcher.problems import did_you_mean
from launcher.run.codec import BadMessage, decode
from launcher.run.synthetic import bodies
from schemas.messages import MessageType

__all__ = ["GenerateSpec", "Generator", "LineSource", "Message", "parse_generate"]

Message = tuple[str, np.ndarray]
"""An input port and the body, shape (), of a message for it."""

_AHEAD = 8192  # lines read before the actor took the first of them


class LineSource:
    """Messages from JSON Lines, read on a thread of their own.

    A bad line is reported as ``file:line: what is wrong`` and skipped.
    """

    def __init__(self, lines: Iterable[str], name: str, inputs: Mapping[str, Input],
                 symbols: Sequence[str], report: Callable[[str], None]):
        self._lines, self._name, self._report = lines, name, report
        self._inputs, self._symbols = inputs, symbols
        self._queue: queue.Queue[Message] = queue.Queue(_AHEAD)
        self._thread = threading.Thread(target=self._read, name="input", daemon=True)
        self.skipped = 0

    def start(self) -> None:
        self._thread.start()

    @property
    def exhausted(self) -> bool:
        """Whether every line was read and every message taken."""
        return not self._thread.is_alive() and self._queue.empty()

    def take(self, now_ns: int) -> Message | None:
        """The next message, if there is one by now."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def _read(self) -> None:
        number = 0
        try:
            for number, line in enumerate(self._lines, 1):
                if line.strip():
                    self._read_line(number, line)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            self._skip(number + 1, f"cannot be read: {error}; the rest is left out")

    def _read_line(self, number: int, line: str) -> None:
        try:
            message = self._message(line)
        except BadMessage as error:
            self._skip(number, str(error))
        else:
            self._queue.put(message)

    def _message(self, line: str) -> Message:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadMessage(f"not JSON: {error}") from None
        if not isinstance(said, dict):
            raise BadMessage("not a JSON object, such as {\"port\": ...}")
        port = said.get("port")
        if port is None and len(self._inputs) == 1:
            port = next(iter(self._inputs))
        if not isinstance(port, str) or port not in self._inputs:
            hint = did_you_mean(str(port), self._inputs)
            named = f"no input '{port}'" if port is not None else "port is missing"
            raise BadMessage(f"{named} — {hint}" if hint else named)
        return port, decode(said, self._inputs[port].message, self._symbols)

    def _skip(self, number: int, why: str) -> None:
        self.skipped += 1
        self._report(f"{self._name}:{number}: {why}")


@dataclass(frozen=True)
class GenerateSpec:
    """``--generate PORT=RATE[,COUNT]``: messages a second, and how many in all (None: no end)."""

    port: str
    rate: float
    count: int | None = None


def parse_generate(text: str) -> GenerateSpec:
    """The option's text; ValueError says how it should look."""
    port, equals, rest = text.partition("=")
    rate, comma, count = rest.partition(",")
    try:
        spec = GenerateSpec(port.strip(), float(rate), int(count) if comma else None)
    except ValueError:
        equals = ""
    if not equals or not spec.port or not 0 < spec.rate <= 1e6 or (spec.count or 0) < 0:
        raise ValueError(f"'{text}' is not PORT=RATE or PORT=RATE,COUNT with a rate of at most "
                         "1,000,000 a second, such as market=1000,5000")
    return spec


class Generator:
    """Made-up messages for one port at a steady rate: the same ones every time."""

    skipped = 0

    def __init__(self, spec: GenerateSpec, message: MessageType, n_symbols: int):
        self._spec = spec
        self._bodies = bodies(message, max(n_symbols, 1))
        self._made = 0
        self._began_ns = 0

    def start(self) -> None:
        """Nothing to start: the rate counts from the first call of :meth:`take`."""

    @property
    def exhausted(self) -> bool:
        return self._spec.count is not None and self._made >= self._spec.count

    def take(self, now_ns: int) -> Message | None:
        """The next message, if it is due at ``now_ns``."""
        self._began_ns = self._began_ns or now_ns
        due = (now_ns - self._began_ns) * self._spec.rate / 1e9
        if self.exhausted or self._made >= due:
            return None
        self._made += 1
        body = next(self._bodies)
        for stamp in ("receive_ns", "t1_ns", "strategy_ns"):
            if stamp in (body.dtype.names or ()):
                body[stamp] = now_ns
        return self._spec.port, body
