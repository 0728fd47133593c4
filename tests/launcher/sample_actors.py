"""Actors with the ports of the real ones and nothing behind them, for tests of the topology."""

from __future__ import annotations

import pydantic

from actors.runtime.actor import Actor, Config, Input, Output, Overflow, Priority
from actors.runtime.addresses import ConnectAddress, ListenAddress
from schemas import messages


class Exchange(Actor):
    kind = "exchange"

    class Config(Config):
        order_entry: ListenAddress = "127.0.0.1:9000"
        market_data: ListenAddress = "127.0.0.1:9001"
        mirrors: list[ListenAddress] = []
        flow: dict = {}


class FeedHandler(Actor):
    kind = "feed"
    outputs = {"market": Output(messages.MarketData)}

    class Config(Config):
        venue: ConnectAddress = "127.0.0.1:9001"
        file: dict = {}


class MeanReversion(Actor):
    kind = "strategy"
    inputs = {
        "market": Input(messages.MarketData, priority=Priority.MARKET_DATA, capacity=4096,
                        overflow=Overflow.DROP_NEWEST),
        "reports": Input(messages.ExecutionReport, priority=Priority.EXECUTION),
    }
    outputs = {"orders": Output(messages.OrderCommand)}

    class Config(Config):
        window: int = pydantic.Field(100, ge=2, le=100_000)
        threshold_sigma: float = pydantic.Field(2.0, gt=0, le=100)
        side: str = pydantic.Field("both", pattern="both|buy|sell")


class RiskManager(Actor):
    kind = "risk"
    inputs = {
        "orders": Input(messages.OrderCommand, overflow=Overflow.FAIL, many=True),
        "reports": Input(messages.ExecutionReport, priority=Priority.EXECUTION),
        "market": Input(messages.MarketData, priority=Priority.MARKET_DATA, capacity=4096,
                        overflow=Overflow.DROP_NEWEST, optional=True),
    }
    outputs = {
        "approved": Output(messages.OrderCommand),
        "reports": Output(messages.ExecutionReport),
        "positions": Output(messages.Position),
        "events": Output(messages.RiskEvent),
    }

    class Limits(Config):
        order_size: int = pydantic.Field(1000, ge=1)
        position: int = pydantic.Field(10_000, ge=1)

    class Config(Config):
        limits: RiskManager.Limits = pydantic.Field(default_factory=lambda: RiskManager.Limits())


class Gateway(Actor):
    kind = "gateway"
    inputs = {"orders": Input(messages.OrderCommand, overflow=Overflow.FAIL)}
    outputs = {"reports": Output(messages.ExecutionReport)}

    class Config(Config):
        venue: ConnectAddress = "127.0.0.1:9000"


class Monitor(Actor):
    kind = "monitor"
    inputs = {
        "positions": Input(messages.Position, overflow=Overflow.LATEST, many=True, optional=True),
        "events": Input(messages.RiskEvent, overflow=Overflow.DROP_NEWEST, many=True,
                        optional=True),
        "reports": Input(messages.ExecutionReport, overflow=Overflow.DROP_NEWEST, many=True,
                         optional=True),
    }

    class Config(Config):
        http: ListenAddress = "127.0.0.1:8080"


class Watcher(Actor):
    """Takes what has no symbol."""

    kind = "watcher"
    inputs = {"alerts": Input(messages.Alert, overflow=Overflow.BLOCK, many=True, optional=True)}
    outputs = {"alerts": Output(messages.Alert)}


class NotAnActor:
    pass


RiskManager.Config.model_rebuild()
