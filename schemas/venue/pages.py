"""What the pages of ``docs/protocols`` say around the tables; ``document`` writes the pages."""

import enum
from dataclasses import dataclass

from schemas.venue import glimpse50, itch50, moldudp64, ouch42, ouch50
from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import Message
from schemas.venue.moldudp64 import tables as moldudp64_tables
from schemas.venue.soupbintcp import PACKETS

__all__ = ["INDEX", "PAGES", "Page"]


@dataclass(frozen=True, slots=True)
class Page:
    """One protocol: ``sections`` are the titles (empty if there is one only) and messages of its
    tables, each with its name in ``support.SUPPORT``; messages in ``elsewhere`` are laid out on
    another page. ``offset`` is added to the tables' offsets."""

    file: str
    title: str
    package: str
    about: str
    summary: str
    sections: tuple[tuple[str, str, tuple[Message, ...]], ...] = ()
    senders: dict[str, str] | None = None
    payloads: dict[str, str] | None = None
    codes: tuple[type[enum.IntEnum], ...] = ()
    options: Catalogue | None = None
    elsewhere: dict[str, str] | None = None
    offset: int = 0
    closing: str = ""


INDEX = """\
# Venue protocols

What bytes Pitwire's exchange, feed and gateway exchange with each other, and with real venues and
clients. The pages are written from the tables in `schemas/venue` by `make schemas`, so they say
what the code does.

All integers are big-endian and unsigned; text is ASCII, left-justified and padded with spaces. In
the tables *price(4)* is an integer in 1/10,000 of the currency, *price(8)* in 1/100,000,000, and
times are nanoseconds since midnight.
"""

_SOUPBINTCP = """\
A session on TCP: login, numbered messages that can be had again, heartbeats. A packet is a
two-byte length, which counts what follows it, a type and a payload; TCP cuts the stream as it
likes.

```text
┌──────── 2 ────────┬── 1 ──┬── length - 1 ──┐
│ length, big-endian│ type  │    payload     │
└───────────────────┴───────┴────────────────┘
```

The first Sequenced Data after Login Accepted has the number that Login Accepted names, each
following one the next. A client that asks for number 1 gets the whole session; 0 means only what
is new. Either side sends a heartbeat after a second without sending anything; the server gives up
a client silent for 15 seconds, and one that has not logged in after 30. Clients pad login fields
on either side: readers strip both.
"""

_MOLDUDP64 = """\
Numbered messages in UDP packets. A packet holds as many messages as its header counts, each after
its two-byte length, which does not count itself and may be 0. The first message has the header's
sequence number, each following one the next.

```text
┌─── 10 ───┬────── 8 ───────┬─── 2 ────┐┌── 2 ───┬─ length ─┐┌── 2 ───┬─ …
│ session  │ sequence number│ count    ││ length │ message  ││ length │
└──────────┴────────────────┴──────────┘└────────┴──────────┘└────────┴─ …
```

A count of 0 is a heartbeat and 65535 the end of the session; both carry the number of the next
message. Who misses messages sends a request packet to the re-request server, which answers with
one packet of as many of them as fit.
"""

_BINARY_FILE = """\
Recorded messages one after another, as in Nasdaq's daily ITCH files: a two-byte length, which does
not count itself, then the message. A length of 0 ends the session; real days' files may just end.

```text
┌── 2 ──┬── length ──┬── 2 ──┬── length ──┬─ …  ┌── 2 ──┐
│ length│  message   │ length│  message   │     │   0   │
└───────┴────────────┴───────┴────────────┴─ …  └───────┘
```
"""

_BINARY_FILE_CLOSING = """\
## What Pitwire reads and writes

| file | read, streamed | written |
|---|---|---|
| with lengths, the form above | yes | yes, with or without the end of session mark |
| *raw*: the same messages without lengths | yes; the length of each follows from its type | yes |
| either, compressed with gzip, in one member or several | yes | yes, if the name ends in `.gz` |

The form is told from the first bytes, not from the name: a length below 256 begins with a zero
byte, and no message type is zero.

| a file that | gives |
|---|---|
| ends after a whole message, or with the mark | all messages |
| ends in the middle of one | the messages before, and where the last begins |
| is raw and has a byte that is no type | the messages before, and where that byte is |
| is a gzip file cut short, or with a wrong checksum | what decompresses, but the last 64 KiB or less |
| begins like none of these | an error that shows the first bytes |
"""

_ITCH50 = """\
Nasdaq TotalView-ITCH 5.0: market data, order by order. Shares in E, C and X are what an order
loses; it is gone when none are left, without a D. E trades at the order's own price, C at the one
it names. U keeps side, stock and attribution of the order it replaces, and queues afresh.
"""

_GLIMPSE50 = """\
Nasdaq GLIMPSE 5.0, over [SoupBinTCP](soupbintcp.md): a snapshot of the books, for who joins late.
A client that logs in with sequence number 1 gets the stocks, their states and an A or F for every
displayed order, then G, and applies [ITCH 5.0](itch50.md) from the number it names.
"""

_OUCH50 = """\
Nasdaq OUCH 5.0: orders. Requests travel in Unsequenced Data of [SoupBinTCP](soupbintcp.md),
responses in Sequenced Data. A client numbers its requests: a UserRefNum that is not above all
earlier ones is taken for a retransmission and ignored. An order's price is at most 199,999.99.

Options may follow a message, its *appendage*: two bytes of total length, then for each option a
byte of length, a byte of tag and the value. In messages with the field `appendage_length` it is
always there; in others, where the tables say *may carry options*, it may follow the last field.
"""

_OUCH42 = """\
Nasdaq OUCH 4.2: orders, before [OUCH 5.0](ouch50.md). Requests travel in Unsequenced Data of
[SoupBinTCP](soupbintcp.md), responses in Sequenced Data. A client names each order by a token of 14
characters that it uses once a day: a token used again is ignored.
"""


def _of(catalogue: Catalogue) -> tuple[Message, ...]:
    return tuple(catalogue)


PAGES = (
    Page(
        "soupbintcp.md",
        "SoupBinTCP 3.00 to 4.1",
        "soupbintcp",
        "the session under ITCH, GLIMPSE and OUCH on TCP",
        _SOUPBINTCP,
        (("", "SoupBinTCP", tuple(packet.layout for packet in PACKETS)),),
        senders={packet.layout.type: packet.sender for packet in PACKETS},
        payloads={packet.layout.type: packet.payload for packet in PACKETS if packet.payload},
        offset=2,
    ),
    Page(
        "moldudp64.md",
        "MoldUDP64 1.00",
        "moldudp64",
        "the session under ITCH on UDP",
        _MOLDUDP64,
        (
            (
                "",
                "MoldUDP64",
                (
                    moldudp64_tables.DOWNSTREAM_HEADER,
                    moldudp64_tables.MESSAGE_BLOCK,
                    moldudp64_tables.REQUEST,
                ),
            ),
        ),
        codes=(moldudp64.PacketStatus,),
    ),
    Page(
        "binaryfile.md",
        "BinaryFILE 1.00",
        "binary_file",
        "recorded sessions in files",
        _BINARY_FILE,
        closing=_BINARY_FILE_CLOSING,
    ),
    Page(
        "itch50.md",
        "ITCH 5.0",
        "itch50",
        "market data",
        _ITCH50,
        (("", "ITCH 5.0", _of(itch50.CATALOGUE)),),
        codes=(
            itch50.EventCode,
            itch50.TradingState,
            itch50.MarketCategory,
            itch50.RegShoAction,
            itch50.Side,
            itch50.CrossType,
            itch50.ImbalanceDirection,
        ),
    ),
    Page(
        "glimpse50.md",
        "GLIMPSE 5.0",
        "glimpse50",
        "snapshots of market data",
        _GLIMPSE50,
        (("", "GLIMPSE 5.0", _of(glimpse50.CATALOGUE)),),
        elsewhere={layout.type: "itch50.md" for layout in itch50.CATALOGUE},
    ),
    Page(
        "ouch50.md",
        "OUCH 5.0",
        "ouch50",
        "orders",
        _OUCH50,
        (
            ("Requests", "OUCH 5.0 inbound", _of(ouch50.INBOUND)),
            ("Responses", "OUCH 5.0 outbound", _of(ouch50.OUTBOUND)),
        ),
        codes=(
            ouch50.Side,
            ouch50.TimeInForce,
            ouch50.Display,
            ouch50.Capacity,
            ouch50.CrossType,
            ouch50.OrderState,
            ouch50.EventCode,
            ouch50.LiquidityFlag,
            ouch50.CancelReason,
            ouch50.RejectReason,
        ),
        options=ouch50.INBOUND,
    ),
    Page(
        "ouch42.md",
        "OUCH 4.2",
        "ouch42",
        "orders, the version before",
        _OUCH42,
        (
            ("Requests", "OUCH 4.2 inbound", _of(ouch42.INBOUND)),
            ("Responses", "OUCH 4.2 outbound", _of(ouch42.OUTBOUND)),
        ),
        codes=(
            ouch42.Side,
            ouch42.TimeInForce,
            ouch42.Display,
            ouch42.Capacity,
            ouch42.CrossType,
            ouch42.CustomerType,
            ouch42.OrderState,
            ouch42.EventCode,
            ouch42.LiquidityFlag,
            ouch42.CancelReason,
            ouch42.BrokenTradeReason,
            ouch42.RejectReason,
        ),
    ),
)
