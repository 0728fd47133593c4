"""The strategy engine: decides what to trade from market data and execution reports."""

from actors.strategy.base import Strategy, StrategyConfig
from actors.strategy.mean_reversion import MeanReversion, MeanReversionConfig
from actors.strategy.pulse import Pulse, PulseConfig

__all__ = ["MeanReversion", "MeanReversionConfig", "Pulse", "PulseConfig", "Strategy",
           "StrategyConfig"]
