"""What a topology may say of a feed: where market data comes from, how large books may grow.

Exactly one source: ``venue`` (a SoupBinTCP server), ``lines`` (MoldUDP64 on UDP) or ``file`` (a
recording).
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

import pydantic

from actors.feed.lines import RETRANSMISSION
from actors.runtime import Config
from actors.runtime.addresses import ConnectAddress, split_address
from actors.runtime.file_paths import ExistingFile
from actors.runtime.soup_session import SoupConfig
from schemas.recorded import Format, format_of

__all__ = ["FeedConfig", "FileConfig", "GroupAddress", "LinesConfig"]


def _group(address: str) -> str:
    host, port = split_address(address)
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise ValueError(f"'{address}': a line is an IPv4 address and a port, such as "
                         f"239.192.0.1:26400, or an address of this machine") from None
    if port == 0:
        raise ValueError(f"'{address}': port 0 cannot be listened on: the venue sends to a port")
    return address


def _interface(address: str) -> str:
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        raise ValueError(f"'{address}' is not the IPv4 address of a network interface, such as "
                         f"127.0.0.1 or 0.0.0.0 for the system's choice") from None
    return address


GroupAddress = Annotated[str, pydantic.AfterValidator(_group)]
"""``address:port`` of a multicast group to join, or of this machine for unicast."""


class LinesConfig(Config):
    """MoldUDP64: where the lines are, who sends again what they lost, and how patient to be."""

    #: One address for each line; all carry the same messages, so the feed takes whichever is first.
    groups: tuple[GroupAddress, ...] = pydantic.Field(min_length=1, max_length=RETRANSMISSION)
    #: The network interface, by its address, on which multicast groups are joined.
    interface: Annotated[str, pydantic.AfterValidator(_interface)] = "0.0.0.0"
    #: The venue's retransmission server; without it what all lines lost cannot be asked for.
    retransmission: ConnectAddress | None = None
    #: The venue's GLIMPSE server, for a snapshot when retransmission cannot help.
    glimpse: ConnectAddress | None = None
    #: Kernel buffer of each socket; what does not fit while the feed is busy is lost.
    receive_buffer_kb: int = pydantic.Field(8192, ge=4, le=1 << 20)
    #: Messages that are kept while those before them are missing; a power of two.
    ring: int = pydantic.Field(1 << 16, ge=64, le=1 << 22)
    #: How long a missing message may be late before it is asked for.
    reorder_wait_ms: float = pydantic.Field(1.0, ge=0, le=10_000)
    #: How long to wait for an answer to the first request; twice as long for each further one.
    request_timeout_ms: float = pydantic.Field(10.0, gt=0, le=10_000)
    #: Requests for the same message before it is given up.
    request_attempts: int = pydantic.Field(5, ge=1, le=20)
    requests_per_s: float = pydantic.Field(20_000, gt=0, le=1_000_000)
    #: A line that brings nothing, not even a heartbeat, for so long is stale.
    stale_ms: float = pydantic.Field(3_000.0, gt=0, le=600_000)

    @pydantic.field_validator("groups")
    @classmethod
    def _different(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        for group in groups:
            if groups.count(group) > 1:
                raise ValueError(f"'{group}' is there twice: each line has an address of its own")
        return groups

    @pydantic.field_validator("ring")
    @classmethod
    def _power_of_two(cls, ring: int) -> int:
        if ring & (ring - 1):
            raise ValueError(f"{ring} is not a power of two; the next is {1 << ring.bit_length()}")
        return ring


class FileConfig(Config):
    """A recording: ITCH 5.0, or the two files of LOBSTER; plain or compressed with gzip."""

    path: ExistingFile
    #: LOBSTER's order book file: what rested before the message file begins.
    book: ExistingFile | None = None
    #: The symbol of a LOBSTER file, which does not name it; the deployment's first if not given.
    symbol: str | None = pydantic.Field(None, min_length=1, max_length=8)
    #: 1 is as it was, 10 ten times as fast; ``max`` as fast as the wires take it.
    speed: Annotated[float, pydantic.Field(gt=0, le=1e6)] | Literal["max"] = 1.0
    #: Time of day, HH:MM or HH:MM:SS, from which on it is played; what lies before is history.
    start: str = pydantic.Field("00:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")

    @pydantic.model_validator(mode="after")
    def _format(self) -> FileConfig:
        lobster = format_of(self.path) == Format.LOBSTER
        if not lobster and (self.book or self.symbol):
            raise ValueError(f"'{self.path}' is an ITCH file, which says of itself what 'book' and "
                             f"'symbol' say of a LOBSTER file: leave them out")
        return self

    @property
    def start_ns(self) -> int:
        """Nanoseconds after midnight."""
        parts = [int(part) for part in self.start.split(":")]
        return sum(n * unit for n, unit in zip(parts, (3600, 60, 1))) * 1_000_000_000


class FeedConfig(SoupConfig):
    """Where the market data comes from, and how large the books may grow."""

    #: A SoupBinTCP server of ITCH.
    venue: ConnectAddress | None = None
    #: MoldUDP64 lines of ITCH.
    lines: LinesConfig | None = None
    #: A recording.
    file: FileConfig | None = None
    #: Orders resting at a time, over all symbols of the deployment; about 100 bytes each.
    max_orders: int = pydantic.Field(1 << 18, ge=1, le=1 << 27)
    #: Prices at a time on one side of a symbol.
    levels_per_side: int = pydantic.Field(2048, ge=1, le=1 << 20)
    #: How long a snapshot waits for a consumer whose wire has no room and would drop it.
    snapshot_patience_ms: float = pydantic.Field(20.0, ge=0, le=10_000)

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> FeedConfig:
        said = [name for name in ("venue", "lines", "file") if getattr(self, name) is not None]
        if len(said) != 1:
            found = " and ".join(said) or "none"
            raise ValueError(
                f"a feed takes its market data from exactly one source, here {found}: give 'venue' "
                f"(host:port of a SoupBinTCP server), 'lines' (MoldUDP64) or 'file' (a recording)")
        return self
