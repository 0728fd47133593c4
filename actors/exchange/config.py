"""The exchange's config, as written under ``config:`` in a topology."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import pydantic

from actors.exchange.flow_config import FlowConfig, SyntheticFlowConfig
from actors.exchange.latency_config import LatencyConfig
from actors.exchange.network_config import MoldUdp64Config
from actors.runtime.actor import Config
from actors.runtime.addresses import ListenAddress
from actors.runtime.journal.config import JournalConfig

__all__ = ["AccountConfig", "CapacityConfig", "ExchangeConfig",
           "ExchangeJournalConfig"]

Permission = Literal["order_entry", "market_data", "glimpse"]


#: In the currency, in whole 1/10,000.
Tick = Annotated[float, pydantic.Field(ge=0.0001, le=1_000)]
_DEFAULT = "default"
_USUAL_TICK = 0.01


class AccountConfig(Config):
    """Who may log in, and what it may do. Letters and digits; upper and lower case are the same.

    ``permissions``: the ports it may use. ``symbols``: those it may enter orders in, all of them
    unless given. ``max_orders_per_second``: orders and replacements; a second's worth may come at
    once. ``cancel_on_disconnect``: whether its orders are canceled when its last order entry
    session ends. ``self_match``: which order is canceled when two of the account's own would trade
    with each other, ``none`` to let them.
    """

    username: str = pydantic.Field("DESK01", min_length=1, max_length=6, pattern="^[A-Za-z0-9]+$")
    password: str = pydantic.Field("PITWIRE", max_length=10, pattern="^[A-Za-z0-9]*$")
    permissions: tuple[Permission, ...] = pydantic.Field(
        ("order_entry", "market_data", "glimpse"), min_length=1)
    symbols: tuple[str, ...] | None = pydantic.Field(None, min_length=1)
    max_orders_per_second: float | None = pydantic.Field(None, ge=1, le=1_000_000)
    cancel_on_disconnect: bool = False
    self_match: Literal["none", "newest", "oldest", "both"] = "none"


class CapacityConfig(Config):
    """Bounds. Memory for them is set aside at the start, and most of it touched only when used.

    ``market_data_log_mib`` and ``order_entry_log_mib`` (of each account) say how much of the stream
    a client can ask for again. ``send_buffer_kib`` is the kernel's, of each session: with the log,
    it is how far a slow client may be behind. ``ouch42_tokens``: orders and replacements a day of
    each account that speaks OUCH 4.2.
    """

    orders: int = pydantic.Field(200_000, ge=16, le=50_000_000)
    levels_per_side: int = pydantic.Field(1_024, ge=16, le=65_536)
    sessions: int = pydantic.Field(64, ge=1, le=4_096)
    market_data_log_mib: int = pydantic.Field(256, ge=1, le=65_536)
    order_entry_log_mib: int = pydantic.Field(32, ge=1, le=65_536)
    ouch42_tokens: int = pydantic.Field(200_000, ge=16, le=50_000_000)
    send_buffer_kib: int = pydantic.Field(1_024, ge=4, le=65_536)


class ExchangeJournalConfig(JournalConfig):
    """As for every actor; a checkpoint is also due after so many messages of market data. In a
    folder of its own the journal is for a trading day."""

    checkpoint_every: int = pydantic.Field(500_000, ge=1, le=1_000_000_000)


class ExchangeConfig(Config):
    """Where the exchange listens, who may come, what trades and how much of it.

    ``prices``: where a symbol starts, in the currency; a symbol not named starts at a price drawn
    from the flow's seed. ``tick``: smallest step of prices of 1.00 and above, for all symbols or,
    as a mapping, each its own and ``default`` for the others. ``collar``: the fraction of the
    last price by which a limit order may be more aggressive, 0 for any. ``latency``: how late
    messages are to be. ``on_restart``: ``recover`` the day from the journal, or ``clear``
    everything and begin a new one. After a recovery, accounts with ``cancel_on_disconnect``
    that are not back within ``recovery_grace_ms`` are taken to have left.
    """

    order_entry: ListenAddress = "127.0.0.1:9000"
    order_entry_ouch42: ListenAddress | None = None
    market_data: ListenAddress = "127.0.0.1:9001"
    moldudp64: MoldUdp64Config | None = None
    glimpse: ListenAddress | None = None
    accounts: tuple[AccountConfig, ...] = pydantic.Field((AccountConfig(),), min_length=1,
                                                         max_length=1_000)
    prices: dict[str, pydantic.PositiveFloat] = {}
    tick: Tick | dict[str, Tick] = 0.01
    collar: float = pydantic.Field(0.0, ge=0, le=0.99)
    flow: FlowConfig = SyntheticFlowConfig()
    latency: LatencyConfig = LatencyConfig()
    capacity: CapacityConfig = CapacityConfig()
    on_restart: Literal["recover", "clear"] = "recover"
    journal: ExchangeJournalConfig = ExchangeJournalConfig()
    login_timeout_ms: float = pydantic.Field(10_000.0, gt=0, le=600_000)
    silence_timeout_ms: float = pydantic.Field(15_000.0, gt=0, le=600_000)
    recovery_grace_ms: float = pydantic.Field(30_000.0, ge=0, le=3_600_000)

    @pydantic.field_validator("accounts")
    @classmethod
    def _distinct(cls, accounts: tuple[AccountConfig, ...]) -> tuple[AccountConfig, ...]:
        names = [account.username.upper() for account in accounts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"username {twice[0]} is given to two accounts")
        return accounts

    @pydantic.field_validator("prices")
    @classmethod
    def _within_protocol(cls, prices: dict[str, float]) -> dict[str, float]:
        for symbol, price in prices.items():
            if not 1 <= price <= 100_000:
                raise ValueError(f"{symbol} cannot start at {price}: prices are 1 to 100,000")
        return prices

    def tick_of(self, symbol: str) -> int:
        """The symbol's tick, in 1/10,000."""
        tick = self.tick
        if isinstance(tick, dict):
            tick = tick.get(symbol, tick.get(_DEFAULT, _USUAL_TICK))
        return round(tick * 10_000)

    def ticks_e4(self, symbols: Sequence[str]) -> list[int]:
        """Each symbol's tick, in 1/10,000."""
        return [self.tick_of(symbol) for symbol in symbols]

    @property
    def tick_symbols(self) -> list[str]:
        """The symbols that have a tick of their own."""
        return [name for name in self.tick if name != _DEFAULT] \
            if isinstance(self.tick, dict) else []

    @property
    def prices_e4(self) -> dict[str, int]:
        """The prices, on their ticks."""
        return {symbol: max(round(price * 10_000 / tick), 1) * tick
                for symbol, price in self.prices.items() for tick in (self.tick_of(symbol),)}
