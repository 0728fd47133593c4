"""What Pitwire does with each message of each protocol: the table behind ``docs/protocols``.

Change it with the actors: a message that the exchange comes to send, or the feed or the gateway to
understand, is a line here, then ``make schemas``.
"""

import enum
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["Does", "Parties", "SUPPORT", "Support"]


class Does(enum.StrEnum):
    """What one side does with a message."""

    SENDS = "sends"
    NOT_SENT = "does not send"
    ACTS = "acts on"
    IGNORES = "ignores"
    BOTH = "sends, ignores"  # may send it, ignores one that comes


@dataclass(frozen=True, slots=True)
class Support:
    """What the two sides do with one message; ``note`` says more where that is needed."""

    venue: Does
    client: Does
    note: str = ""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who speaks a protocol: the actors on the venue's and on the client's side, and what they do
    with each message by its type. Where one side has no actors, what is said of it is not shown;
    without any, only this package knows the protocol."""

    venue: str
    client: str
    messages: MappingProxyType[str, Support]

    @property
    def spoken(self) -> bool:
        return bool(self.venue or self.client)


SENDS, NOT_SENT = Does.SENDS, Does.NOT_SENT
ACTS, IGNORES, BOTH = Does.ACTS, Does.IGNORES, Does.BOTH

_ITCH = {
    "S": Support(SENDS, ACTS, "logged"),
    "R": Support(SENDS, ACTS),
    "H": Support(SENDS, ACTS),
    "Y": Support(NOT_SENT, ACTS, "a restriction of the symbol"),
    "L": Support(NOT_SENT, IGNORES),
    "V": Support(NOT_SENT, IGNORES),
    "W": Support(NOT_SENT, ACTS, "a restriction of every symbol; logged"),
    "K": Support(NOT_SENT, IGNORES),
    "J": Support(NOT_SENT, IGNORES),
    "h": Support(NOT_SENT, ACTS, "the symbol is halted"),
    "A": Support(SENDS, ACTS),
    "F": Support(NOT_SENT, ACTS),
    "E": Support(SENDS, ACTS),
    "C": Support(NOT_SENT, ACTS),
    "X": Support(SENDS, ACTS),
    "D": Support(SENDS, ACTS),
    "U": Support(SENDS, ACTS),
    "P": Support(SENDS, ACTS, "executions of hidden orders"),
    "Q": Support(NOT_SENT, ACTS, "a trade of no side"),
    "B": Support(SENDS, IGNORES, "counted; the trade stands"),
    "I": Support(NOT_SENT, IGNORES),
    "N": Support(NOT_SENT, IGNORES),
    "O": Support(NOT_SENT, IGNORES),
}

_OUCH_50_IN = {
    "O": Support(ACTS, SENDS, "day, extended hours, IOC, good till a time; hidden, reserve, "
                 "minimum quantity, post-only; no crosses, no pegs, no after hours"),
    "U": Support(ACTS, SENDS),
    "X": Support(ACTS, SENDS),
    "M": Support(ACTS, NOT_SENT),
    "C": Support(ACTS, NOT_SENT, "a blank symbol means all"),
    "D": Support(ACTS, NOT_SENT),
    "E": Support(ACTS, NOT_SENT),
    "Q": Support(ACTS, SENDS, "after a reconnection"),
}

_OUCH_50_OUT = {
    "S": Support(SENDS, ACTS, "logged"),
    "A": Support(SENDS, ACTS),
    "U": Support(SENDS, ACTS),
    "C": Support(SENDS, ACTS),
    "D": Support(SENDS, ACTS, "as Order Canceled"),
    "E": Support(SENDS, ACTS),
    "B": Support(SENDS, ACTS, "counted and logged; the execution stands"),
    "J": Support(SENDS, ACTS),
    "P": Support(SENDS, IGNORES, "counted"),
    "I": Support(SENDS, ACTS),
    "T": Support(NOT_SENT, ACTS, "takes over the price"),
    "M": Support(SENDS, IGNORES, "counted"),
    "R": Support(SENDS, IGNORES, "counted"),
    "X": Support(SENDS, IGNORES, "counted"),
    "G": Support(SENDS, IGNORES, "counted"),
    "K": Support(SENDS, IGNORES, "counted"),
    "Q": Support(SENDS, ACTS),
}

_GLIMPSE = {
    "S": Support(SENDS, IGNORES, "the latest"),
    "R": Support(SENDS, ACTS),
    "H": Support(SENDS, ACTS, "the latest of each stock"),
    "Y": Support(NOT_SENT, ACTS),
    "A": Support(SENDS, ACTS, "what is left of the order, at the time it came into the book"),
    "F": Support(NOT_SENT, ACTS),
    "N": Support(NOT_SENT, IGNORES),
    "h": Support(NOT_SENT, ACTS),
    "G": Support(SENDS, ACTS, "the session goes on, silent"),
}

_OUCH_42_IN = {
    "O": Support(ACTS, NOT_SENT,
                 "times in force 0, up to 86,400 seconds, 99998, 99999; displays A, Y, N, P, L; "
                 "no crosses"),
    "U": Support(ACTS, NOT_SENT),
    "X": Support(ACTS, NOT_SENT),
    "M": Support(ACTS, NOT_SENT),
    "N": Support(IGNORES, NOT_SENT, "what rests here can take nothing"),
}

_OUCH_42_OUT = {
    "S": Support(SENDS, IGNORES),
    "A": Support(SENDS, IGNORES),
    "U": Support(SENDS, IGNORES),
    "C": Support(SENDS, IGNORES),
    "D": Support(SENDS, IGNORES),
    "E": Support(SENDS, IGNORES),
    "B": Support(SENDS, IGNORES),
    "G": Support(NOT_SENT, IGNORES),
    "F": Support(NOT_SENT, IGNORES),
    "J": Support(SENDS, IGNORES),
    "P": Support(SENDS, IGNORES),
    "I": Support(SENDS, IGNORES),
    "T": Support(NOT_SENT, IGNORES),
    "M": Support(SENDS, IGNORES),
    "N": Support(NOT_SENT, IGNORES),
}

_SOUPBINTCP = {
    "+": Support(BOTH, IGNORES, "the exchange tells a client what it did wrong, then hangs up"),
    "L": Support(ACTS, SENDS, "3 + 46 bytes before 4.1; the heartbeat timeout is how long the client "
                 "may be silent"),
    "U": Support(ACTS, SENDS, "requests; on market data and glimpse ports it ends the session"),
    "R": Support(ACTS, SENDS),
    "O": Support(ACTS, SENDS),
    "A": Support(SENDS, ACTS),
    "J": Support(SENDS, ACTS),
    "S": Support(SENDS, ACTS),
    "H": Support(SENDS, ACTS),
    "Z": Support(SENDS, ACTS),
}

# By protocol: the names of the catalogues in the packages' tables, and of the two without one.
SUPPORT: MappingProxyType[str, Parties] = MappingProxyType(
    {
        "SoupBinTCP": Parties("exchange", "feed, gateway", MappingProxyType(_SOUPBINTCP)),
        "MoldUDP64": Parties("exchange", "feed", MappingProxyType({})),
        "ITCH 5.0": Parties("exchange", "feed", MappingProxyType(_ITCH)),
        "GLIMPSE 5.0": Parties("exchange", "feed", MappingProxyType(_GLIMPSE)),
        "OUCH 5.0 inbound": Parties("exchange", "gateway", MappingProxyType(_OUCH_50_IN)),
        "OUCH 5.0 outbound": Parties("exchange", "gateway", MappingProxyType(_OUCH_50_OUT)),
        "OUCH 4.2 inbound": Parties("exchange", "", MappingProxyType(_OUCH_42_IN)),
        "OUCH 4.2 outbound": Parties("exchange", "", MappingProxyType(_OUCH_42_OUT)),
    }
)
