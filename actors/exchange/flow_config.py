"""``flow`` in the exchange's config: where the orders that are nobody's come from.

``kind: synthetic`` (the default), ``historical`` or ``none``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pydantic

from actors.runtime.actor import Config
from actors.runtime.file_paths import ExistingFile
from schemas.recorded import Format, format_of, lobster

__all__ = ["FlowConfig", "HistoricalFlowConfig", "MeanReverting", "NoFlowConfig", "Regime", "Shock",
           "SyntheticFlowConfig", "Trend", "ZeroIntelligence", "time_of_day_ns"]

_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?")


def time_of_day_ns(text: str) -> int:
    """``09:30``, ``09:30:15`` or ``09:30:15.25`` as nanoseconds since midnight; else ValueError."""
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a time of day such as 09:30 or 09:30:15.25")
    hours, minutes, seconds, fraction = found.groups(default="0")
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 10**9 + int(fraction.ljust(9, "0"))


def _time_of_day(text: str) -> str:
    time_of_day_ns(text)
    return text


TimeOfDay = Annotated[str, pydantic.AfterValidator(_time_of_day)]


# ---- regimes of the synthetic flow ---------------------------------------------------------------


class _Regime(Config):
    """``seconds``: how long it lasts, or, with ``switching: markov``, on average. ``weight``: how
    often it is drawn then, compared to the others."""

    seconds: float = pydantic.Field(ge=0.001, le=86_400)
    weight: float = pydantic.Field(1.0, gt=0, le=1e6)


class Trend(_Regime):
    """The value drifts: ``drift`` is its relative change a second, up or, if negative, down."""

    kind: Literal["trend"]
    drift: float = pydantic.Field(0.0002, ge=-0.1, le=0.1)


class MeanReverting(_Regime):
    """The value stands still, and the price strays from it and comes back: ``displacement`` is the
    relative standard deviation, ``reversion_ms`` the time in which half of the way is gone."""

    kind: Literal["mean_reverting"]
    displacement: float = pydantic.Field(0.0005, ge=0, le=0.1)
    reversion_ms: float = pydantic.Field(500.0, gt=0, le=3_600_000)


class Shock(_Regime):
    """At its beginning the value jumps by ``jump`` (relative), up or down as it falls out for each
    symbol, the spread is ``spread_factor`` times what it was, and all but ``depth_factor`` of the
    orders are taken away. Half of that is gone after ``recovery_ms``."""

    kind: Literal["shock"]
    jump: float = pydantic.Field(0.003, ge=0, le=0.2)
    spread_factor: float = pydantic.Field(4.0, ge=1, le=100)
    depth_factor: float = pydantic.Field(0.3, gt=0, le=1)
    recovery_ms: float = pydantic.Field(2_000.0, gt=0, le=3_600_000)


class ZeroIntelligence(_Regime):
    """Nobody knows a value. Orders arrive on any of the ``depth_levels`` prices on their side of
    the middle of the book with equal chance, any order may be canceled, and buyers and sellers
    are equally likely to trade: the price is what comes of it."""

    kind: Literal["zero_intelligence"]


Regime = Annotated[Trend | MeanReverting | Shock | ZeroIntelligence,
                   pydantic.Field(discriminator="kind")]


# ---- kinds of flow -------------------------------------------------------------------------------


class SyntheticFlowConfig(Config):
    """Synthetic background orders around a price that moves, the same for the same seed.

    ``rate``: events a second over all symbols, 0 for none. An event is a new order, a cancel, or,
    for ``cross_fraction`` of them, an order that trades. Each symbol's value walks at random by
    ``volatility`` (relative standard deviation after one second); on top, the market strays from
    the value by ``displacement`` (relative standard deviation) and comes back, half of the way in
    ``reversion_ms``. Orders rest on ``depth_levels`` prices on each side, in the long run
    ``orders_per_level`` on each, the innermost ``spread_ticks`` apart.

    ``regimes`` take turns: ``switching: in_order`` goes through the list again and again, each
    for its ``seconds``; ``markov`` stays in each for a random time, exponential with that mean, and
    then draws another by weight. What a regime does not say is as above.
    """

    kind: Literal["synthetic"] = "synthetic"
    rate: float = pydantic.Field(2_000.0, ge=0, le=10_000_000)
    seed: int = pydantic.Field(1, ge=0, lt=2**63)
    volatility: float = pydantic.Field(0.0001, ge=0, le=0.1)
    displacement: float = pydantic.Field(0.0003, ge=0, le=0.1)
    reversion_ms: float = pydantic.Field(500.0, gt=0, le=3_600_000)
    spread_ticks: int = pydantic.Field(2, ge=1, le=1_000)
    depth_levels: int = pydantic.Field(10, ge=1, le=200)
    orders_per_level: int = pydantic.Field(3, ge=1, le=1_000)
    cross_fraction: float = pydantic.Field(0.1, ge=0, le=1)
    regimes: tuple[Regime, ...] = pydantic.Field((), max_length=100)
    switching: Literal["in_order", "markov"] = "in_order"


class HistoricalFlowConfig(Config):
    """The orders of a recording enter the book, at the recording's pace times ``speed``, or, with
    ``max``, as fast as they can be played.

    ``file`` is an ITCH 5.0 file (length-prefixed or raw) or a LOBSTER message file, each plain or
    gzip; ``book`` the LOBSTER order book file that belongs to it. A LOBSTER file is of one stock:
    ``symbol`` says which of the deployment's it is to be, unless the file's name begins with it.
    Of an ITCH file ``symbols`` are played, by default all of the deployment's that are in it.

    ``start`` and ``end`` are times of day in the recording: orders from before the start are in the
    book when it begins. ``loop`` begins anew when the recording ends, with an empty book.
    ``wait_for_trader`` holds it until somebody logs in to order entry. ``max_events`` bounds the
    memory, 40 bytes each.
    """

    kind: Literal["historical"]
    file: ExistingFile
    book: ExistingFile | None = None
    symbol: str | None = None
    symbols: tuple[str, ...] | None = pydantic.Field(None, min_length=1)
    speed: Annotated[float, pydantic.Field(gt=0, le=1_000_000)] | Literal["max"] = 1.0
    start: TimeOfDay | None = None
    end: TimeOfDay | None = None
    loop: bool = False
    wait_for_trader: bool = False
    max_events: int = pydantic.Field(5_000_000, ge=1, le=500_000_000)

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> HistoricalFlowConfig:
        """RecordingError, a ValueError, if a file's first bytes are not what they should be."""
        if self.start and self.end and time_of_day_ns(self.end) <= time_of_day_ns(self.start):
            raise ValueError(f"end {self.end} is not after start {self.start}")
        lobster_file = format_of(self.file) == Format.LOBSTER
        if lobster_file and self.symbols is not None:
            raise ValueError(f"symbols is for ITCH files, and {self.file} is one of LOBSTER, which "
                             "has one stock: say symbol: NAME")
        if not lobster_file and (self.book is not None or self.symbol is not None):
            key = "book" if self.book is not None else "symbol"
            raise ValueError(f"{key} is for LOBSTER files, and {self.file} is one of ITCH; "
                             f"{'leave it out' if key == 'book' else 'say symbols: [NAME]'}")
        if self.book is not None:
            lobster.level_count(self.book)
        return self


class NoFlowConfig(Config):
    """Nothing but what clients enter."""

    kind: Literal["none"]


def _with_kind(said: Any) -> Any:
    """``flow: {rate: 500}`` is synthetic: it need not say so."""
    return {"kind": "synthetic", **said} if isinstance(said, dict) else said


FlowConfig = Annotated[
    Annotated[SyntheticFlowConfig | HistoricalFlowConfig | NoFlowConfig,
              pydantic.Field(discriminator="kind")],
    pydantic.BeforeValidator(_with_kind),
]
