"""The exchange simulator: order entry, matching, market data and a synthetic market."""

from actors.exchange.actor import Exchange
from actors.exchange.config import ExchangeConfig, FlowConfig

__all__ = ["Exchange", "ExchangeConfig", "FlowConfig"]
