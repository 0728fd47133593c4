"""The venue's word: the exchange's journal, replayed by the exchange's own machine code.

The exchange's state, and every byte that it ever sent, are a function of its journal
(:mod:`actors.exchange.inputs`). Here a second exchange is made of the same config, in this process,
connected to nobody; it starts from the newest checkpoint, gets the journal's records, and is then
what the running one was a moment ago. The journal is only read, and may be written meanwhile.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.exchange.engine_state import USER_REF_BITS, Attribute
from actors.runtime.journal import Checkpoint, JournalError, read_checkpoint, read_records
from actors.runtime.journal.checkpoints import list_checkpoints
from actors.runtime.journal.reading import Reading, read_journal
from actors.runtime.journal.segments import list_segments
from actors.runtime.plan import ActorPlan, Plan
from schemas.venue import ouch50
from schemas.venue.soupbintcp import HEADER_LENGTH

if TYPE_CHECKING:
    from actors.exchange.venue import Venue

__all__ = ["AccountStream", "Resting", "VenueRecord", "VenueUnreadable", "exchange_of",
           "read_venue"]

_TRIES = 20
_COUNTERS = 64
_GENEROUS_MIB = 1024  # of memory that is touched only as it is used


class VenueUnreadable(Exception):
    """The venue's word cannot be had: says why, and what to do."""


@dataclass(frozen=True)
class Resting:
    """An order of the account in the exchange's book."""

    ref: int
    symbol: str
    price_e4: int
    leaves: int


@dataclass(frozen=True)
class AccountStream:
    """What one account was sent, from its first message on, undecoded; and its resting orders."""

    username: str
    messages: tuple[bytes, ...]
    resting: tuple[Resting, ...]

    def decoded(self, count: int | None = None) -> Iterator[dict[str, Any]]:
        """The first ``count`` messages, all if None, as ``ouch50.decode_out`` gives them."""
        return map(ouch50.decode_out, self.messages[:count])


@dataclass(frozen=True)
class VenueRecord:
    """The exchange after the journal's last record."""

    session: str
    records: int
    accounts: dict[str, AccountStream]


def exchange_of(plan: Plan) -> ActorPlan:
    """The deployment's exchange. VenueUnreadable if it has none, or several."""
    from actors.runtime.host import load_class

    found = [actor for actor in plan.actors
             if getattr(load_class(actor.class_path), "kind", "") == "exchange"]
    if len(found) != 1:
        raise VenueUnreadable(f"{plan.name} has {len(found) or 'no'} exchange"
                              f"{'s' if len(found) > 1 else ''}: an audit needs the one that its "
                              f"gateway trades at")
    return found[0]


def read_venue(plan: Plan) -> VenueRecord:
    """Replays the journal of the deployment's exchange. VenueUnreadable says why it cannot."""
    actor = exchange_of(plan)
    journal = actor.config.get("journal", {})
    if journal.get("durability", "process") == "none":
        raise VenueUnreadable(f"{actor.name} keeps no journal (config.journal.durability: none): "
                              f"there is nothing to hold the desk against")
    folder = pathlib.Path(journal.get("folder") or f"{plan.run_dir}/journal/{actor.name}")
    for last in reversed(range(_TRIES)):
        try:
            return _replay(plan, actor, folder)
        except (JournalError, FileNotFoundError) as error:
            if not last:  # otherwise: a segment or checkpoint was deleted while we looked
                raise VenueUnreadable(f"{actor.name}: {error}") from None
    raise AssertionError("unreachable")


def _replay(plan: Plan, actor: ActorPlan, folder: pathlib.Path) -> VenueRecord:
    marks = list_checkpoints(folder) if folder.is_dir() else []
    mark = read_checkpoint(marks[0]) if marks else None
    venue, reading, day = _replayed(plan, actor, folder, mark)
    if not _is_whole(venue) and mark is not None and _has_first_segment(folder):
        venue, reading, day = _replayed(plan, actor, folder, None)
    if not _is_whole(venue):
        raise VenueUnreadable(
            f"{actor.name} does not keep its accounts' messages from the first on: set its "
            f"config.capacity.order_entry_log_mib higher, or config.journal.keep: true")
    accounts = _config(actor).accounts
    return VenueRecord(day["session"], reading.following - 1,
                       {account.username.upper(): _account(venue, plan, number, account.username)
                        for number, account in enumerate(accounts)})


def _has_first_segment(folder: pathlib.Path) -> bool:
    """Whether the journal still has its first segment."""
    return 0 in list_segments(folder)


def _replayed(plan: Plan, actor: ActorPlan, folder: pathlib.Path,
              mark: Checkpoint | None) -> tuple[Venue, Reading, dict[str, Any]]:
    """The exchange after its journal, what of that was read, and its first record."""
    reading = read_journal(folder) if mark is None else \
        read_journal(folder, mark.segment, mark.sequence)
    if reading.damage is not None and reading.damage.in_the_middle:
        raise VenueUnreadable(f"{actor.name}: {reading.damage}")
    venue = _venue_of(plan, actor, from_beginning=mark is None)
    if mark is not None:
        _restore(venue, mark, folder)
        day = json.loads(mark.blocks["day"].tobytes())
    else:
        first = next(read_records(reading), None)
        if first is None:
            raise VenueUnreadable(f"{actor.name}: its journal in {folder} has no record yet")
        day = json.loads(first.payload[8:])
        if venue.ouch42 is not None:
            venue.ouch42.tokens["multiplier"] = day["hash"]
    _carry_out(venue, reading, mark)
    return venue, reading, day


def _is_whole(venue: Venue) -> bool:
    """Whether every account's messages are there from the first on."""
    logs = venue.logs.logs[1:]
    return bool((logs["end"] <= logs["capacity"]).all())


def _config(actor: ActorPlan, **capacity: int):
    from actors.exchange.config import ExchangeConfig

    config = json.loads(json.dumps(actor.config))
    config["capacity"] = {**config.get("capacity", {}), **capacity}
    return ExchangeConfig(**config)


def _venue_of(plan: Plan, actor: ActorPlan, from_beginning: bool) -> Venue:
    from actors.exchange import Exchange
    from actors.exchange.inputs import apply_input
    from actors.runtime import Setup

    sizes = {}
    if from_beginning:  # else what a checkpoint comes with has to fit
        sizes = {"market_data_log_mib": 1, "order_entry_log_mib": _GENEROUS_MIB}
    config = _config(actor, **sizes)
    venue = Exchange(Setup(actor.name, actor.index, 1, config, plan.symbols)).venue
    venue.record[0]["apply"] = apply_input.address
    return venue


def _restore(venue: Venue, mark: Checkpoint, folder: pathlib.Path) -> None:
    from actors.exchange.state_blocks import restore_blocks
    from actors.exchange.stream_file import StreamFile

    restore_blocks(venue, mark.blocks)
    streams = StreamFile(folder / "streams", venue.logs)
    try:
        streams.load(first=1)  # public market data is not needed
    finally:
        streams.close()


def _carry_out(venue: Venue, reading: Reading, mark: Checkpoint | None) -> None:
    from actors.exchange.inputs import apply_input
    from actors.runtime.journal.replaying import replay_tail

    counted = np.zeros(_COUNTERS, np.int64)
    venue.record[0]["counters"] = counted.ctypes.data
    replay_tail(reading.parts, mark, apply_input.address, venue.address)


def _account(venue: Venue, plan: Plan, number: int, username: str) -> AccountStream:
    owner, book = number + 1, venue.engine.book
    entries = book.entries[book.entries["slot"] >= 0]
    resting = []
    for entry in entries[entries["key"] >> USER_REF_BITS == owner]:
        order, terms = book.orders[entry["slot"]], venue.engine.terms[entry["slot"]]
        waiting = int(terms["reserve"]) if order["attributes"] & Attribute.RESERVE else 0
        resting.append(Resting(int(entry["key"]) & (1 << USER_REF_BITS) - 1,
                               plan.symbols[order["symbol"]], int(order["price_e4"]),
                               int(order["quantity"]) + waiting))
    return AccountStream(username, _messages(venue, owner), tuple(resting))


def _messages(venue: Venue, owner: int) -> tuple[bytes, ...]:
    """The messages in an account's log, without the SoupBinTCP packets around them."""
    data = venue.logs.rings[owner][:int(venue.logs.logs[owner]["end"])].tobytes()
    messages, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        messages.append(data[at + HEADER_LENGTH:end])
        at = end
    return tuple(messages)
