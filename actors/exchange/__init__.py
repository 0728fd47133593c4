"""The exchange simulator: order entry, matching, market data, synthetic or recorded flow."""

from actors.exchange.actor import Exchange
from actors.exchange.config import ExchangeConfig

__all__ = ["Exchange", "ExchangeConfig"]
