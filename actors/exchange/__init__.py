"""The exchange simulator: order entry, matching, market data and a market, synthetic or recorded."""

from actors.exchange.actor import Exchange
from actors.exchange.config import ExchangeConfig

__all__ = ["Exchange", "ExchangeConfig"]
