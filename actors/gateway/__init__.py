"""The order gateway: commands out to the venue as OUCH 5.0, what became of them back as reports."""

from actors.gateway.actor import Gateway, GatewayConfig

__all__ = ["Gateway", "GatewayConfig"]
