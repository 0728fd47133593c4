"""The risk layer: limits before every order, positions and profit from every report."""

from actors.risk.actor import RiskConfig, RiskManager

__all__ = ["RiskConfig", "RiskManager"]
