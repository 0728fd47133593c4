"""``latency`` in the exchange's config: how much later everything arrives, by direction.

``kind: constant``, ``uniform``, ``lognormal`` or ``spikes``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pydantic

from actors.runtime.actor import Config
from actors.runtime.durations import format_duration, parse_duration

__all__ = ["Constant", "Delay", "LatencyConfig", "Lognormal", "Spikes", "Uniform",
           "delay_of_words", "delay_text"]

#: No message is held for longer.
LONGEST_NS = 60_000_000_000


def _span(value: Any) -> int:
    """Nanoseconds in a duration with a unit; whole numbers of them as a dumped config has them."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value}ns"
    ns = parse_duration(value)
    if ns > LONGEST_NS:
        raise ValueError(f"a message cannot be held for longer than {format_duration(LONGEST_NS)}")
    return ns


Span = Annotated[int, pydantic.BeforeValidator(_span)]


class Constant(Config):
    """Every message takes ``time``."""

    kind: Literal["constant"]
    time: Span


class Uniform(Config):
    """Between ``low`` and ``high``, each as likely."""

    kind: Literal["uniform"]
    low: Span = 0
    high: Span

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> Uniform:
        if self.high < self.low:
            raise ValueError(f"high {format_duration(self.high)} is below low "
                             f"{format_duration(self.low)}")
        return self


class Lognormal(Config):
    """Half of the messages take less than ``median``; ``sigma`` is the standard deviation of the
    logarithm. What would be above a minute is a minute."""

    kind: Literal["lognormal"]
    median: Span = pydantic.Field(gt=0)
    sigma: float = pydantic.Field(0.5, ge=0, le=5)


class Spikes(Config):
    """``base`` for most messages, ``size`` for the fraction ``probability`` of them."""

    kind: Literal["spikes"]
    base: Span = 0
    size: Span
    probability: float = pydantic.Field(0.001, gt=0, le=1)


Delay = Annotated[Constant | Uniform | Lognormal | Spikes, pydantic.Field(discriminator="kind")]


class LatencyConfig(Config):
    """What is added on the way, none by default. ``orders``: from a client's socket to the engine;
    ``replies``: from the engine to the clients of order entry; ``market_data``: to everybody who
    listens. The delays are drawn from ``seed``: the same messages are late by the same."""

    orders: Delay | None = None
    replies: Delay | None = None
    market_data: Delay | None = None
    seed: int = pydantic.Field(1, ge=0, le=2**53)


_FORMS = {"constant": ("time",), "uniform": ("low", "high"), "lognormal": ("median", "sigma"),
          "spikes": ("base", "size", "probability")}
_HELP = ("constant TIME, uniform LOW HIGH, lognormal MEDIAN SIGMA, spikes BASE SIZE PROBABILITY, "
         "or none")


def delay_text(delay: Delay | None) -> str:
    """As :func:`delay_of_words` reads it."""
    if delay is None:
        return "none"
    values = [getattr(delay, name) for name in _FORMS[delay.kind]]
    return " ".join([delay.kind, *(format_duration(v) if isinstance(v, int) else f"{v:g}"
                                   for v in values)])


def delay_of_words(words: list[str]) -> Delay | None:
    """``constant 5ms``, ``uniform 1ms 2ms``, ``lognormal 50us 0.5``, ``spikes 50us 5ms 0.001`` or
    ``none``. ValueError says what is wrong."""
    if words == ["none"]:
        return None
    if not words or words[0] not in _FORMS:
        raise ValueError(f"want {_HELP}, not '{' '.join(words)}'")
    names, values = _FORMS[words[0]], words[1:]
    if len(values) != len(names):
        raise ValueError(f"{words[0]} takes {' '.join(name.upper() for name in names)}")
    said = {name: float(value) if name in ("sigma", "probability") and _is_number(value) else value
            for name, value in zip(names, values, strict=True)}
    try:
        return pydantic.TypeAdapter(Delay).validate_python({"kind": words[0], **said})
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        name = first["loc"][-1] if first["loc"] else words[0]
        raise ValueError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?|\.\d+", text) is not None
