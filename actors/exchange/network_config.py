"""The part of the exchange's config that says how market data leaves beside SoupBinTCP."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import pydantic

from actors.runtime.actor import Config
from actors.runtime.addresses import ConnectAddress, ListenAddress, split_address

__all__ = ["LineConfig", "MoldUdp64Config"]


def _interface(address: str) -> str:
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        raise ValueError(f"'{address}' is not the IPv4 address of a network interface, such as "
                         "127.0.0.1") from None
    return address


class LineConfig(Config):
    """Where one copy of the stream goes: ``to`` is the ``host:port`` of one receiver, or a
    multicast group and its port.

    For a group, ``interface`` is the address of the network interface to send from, and ``ttl``
    how many networks a datagram may travel: 1 is this one.
    """

    to: ConnectAddress
    interface: Annotated[str, pydantic.AfterValidator(_interface)] = "127.0.0.1"
    ttl: int = pydantic.Field(1, ge=0, le=255)


class MoldUdp64Config(Config):
    """Market data in MoldUDP64 packets. ``lines`` all carry the same, each on its own way.

    ``retransmission``: where requests for lost messages are answered. ``max_payload``: bytes of a
    datagram, without UDP's header; more than a network's MTU allows is cut into fragments on the
    way. ``heartbeat_ms``: after how long without a message a heartbeat is sent.
    """

    lines: tuple[LineConfig, ...] = pydantic.Field(min_length=1, max_length=8)
    retransmission: ListenAddress | None = None
    max_payload: int = pydantic.Field(1_400, ge=300, le=65_507)
    heartbeat_ms: float = pydantic.Field(1_000.0, ge=10, le=60_000)

    @pydantic.field_validator("lines")
    @classmethod
    def _distinct(cls, lines: tuple[LineConfig, ...]) -> tuple[LineConfig, ...]:
        seen = set()
        for line in lines:
            if line.to in seen:
                raise ValueError(f"two lines go to {line.to}, where all would be heard twice")
            seen.add(line.to)
            if split_address(line.to)[0].startswith("["):
                raise ValueError(f"{line.to}: lines are IPv4")
        return lines
