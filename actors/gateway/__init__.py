"""The order gateway: order commands in, the venue's protocol out, execution reports back."""

from actors.gateway.actor import Gateway, GatewayConfig

__all__ = ["Gateway", "GatewayConfig"]
