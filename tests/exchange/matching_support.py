"""Drives the matching engine and its judge side by side, and tells their events in short."""

import numpy as np

from actors.exchange import matching
from actors.exchange.engine_state import (EVENT, Attribute, BookChange, CancelReason, EventKind,
                                          Status, allocate)
from actors.exchange.reference import ReferenceEngine
from schemas.enums import OrderType, Side, TimeInForce

BUY, SELL = int(Side.BUY), int(Side.SELL)
LIMIT, MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
DAY, IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
HIDDEN, POST_ONLY = int(Attribute.HIDDEN), int(Attribute.POST_ONLY)
GTC = int(Attribute.GTC)


def as_tuples(events: np.ndarray) -> list[tuple[int, ...]]:
    columns = [events[name].tolist() for name in EVENT.names]
    return list(zip(*columns))


class Pair:
    """The engine under test and the reference: every call goes to both and must come out alike."""

    def __init__(self, symbols=2, orders=64, levels=32, per_side=16, events=64, seed=0,
                 listed=None, tick_e4=1, **listing):
        self.engine = allocate(symbols, orders, levels, per_side, events, seed)
        self.reference = ReferenceEngine(symbols, orders, levels, per_side)
        self.now_ns = 0
        self.pauses = 0
        for symbol in range(symbols if listed is None else listed):
            self.engine.list_symbol(symbol, tick_e4, **listing)
            self.reference.list_symbol(symbol, tick_e4, **listing)

    @property
    def address(self) -> int:
        return self.engine.address

    def take_events(self) -> list[tuple[int, ...]]:
        taken = as_tuples(self.engine.pending())
        matching.clear_events(self.address)
        return taken

    def set(self, name: str, *arguments) -> None:
        """Set something up on both."""
        getattr(self.engine, name)(*arguments)
        getattr(self.reference, name)(*arguments)

    def call(self, name: str, *arguments) -> tuple[Status, list]:
        """Make one call on both. Returns the status and the reference's events."""
        self.now_ns += 1
        kernel = modify if name == "modify" else getattr(matching, name)
        before = len(self.reference.events)
        expected = getattr(self.reference, name)(*arguments, self.now_ns)
        arguments = [int(argument) for argument in arguments]
        status = kernel(self.address, *arguments, self.now_ns)
        taken = self.take_events()
        while status in (Status.PAUSED, Status.EVENTS_FULL):
            self.pauses += 1
            if status == Status.PAUSED:
                status = matching.resume(self.address)
            else:
                status = kernel(self.address, *arguments, self.now_ns)
            taken += self.take_events()
        events = self.reference.events[before:]
        assert status == expected, (name, arguments, Status(status), expected)
        assert taken == [event.as_tuple() for event in events], (name, arguments)
        return Status(status), events

    def check_fingerprint(self) -> None:
        assert matching.engine_hash(self.address) == self.reference.fingerprint()

    # --- for stories: one symbol, short words, checked at every step -----------------------------

    def enter(self, who, side, quantity, price, time_in_force=DAY, symbol=0, attributes=0,
              minimum=0, display=0):
        """``who`` is owner.reference, as 1.7. Returns what happened, in short."""
        owner, ref = map(int, str(who).split("."))
        terms = (owner, ref, symbol, side, MARKET if price is None else LIMIT, price or 0,
                 quantity, time_in_force)
        if attributes or minimum or display:
            return self.tell("enter", *terms, attributes, minimum, display, 0)
        return self.tell("submit", *terms, 0)

    def cancel(self, who, size=0):
        owner, ref = map(int, str(who).split("."))
        return self.tell("cancel", owner, ref, size)

    def modify(self, who, size, tag=0):
        owner, ref = map(int, str(who).split("."))
        return self.tell("modify", owner, ref, size, tag)

    def replace(self, who, new_ref, quantity, price, time_in_force=DAY, attributes=0, minimum=0,
                display=0):
        owner, ref = map(int, str(who).split("."))
        terms = (owner, ref, new_ref, price, quantity, time_in_force)
        if attributes or minimum or display:
            return self.tell("replace_with", *terms, attributes, minimum, display, 0)
        return self.tell("replace", *terms, 0)

    def tell(self, name, *arguments) -> list[str]:
        status, events = self.call(name, *arguments)
        self.check_fingerprint()
        return [short(event) for event in events] or [status.name.lower()]

    def book(self, symbol=0, hidden=False) -> tuple[str, str]:
        """Bids and asks as they would execute, as 'price x quantity', '+ quantity in reserve'."""
        return tuple(
            " ".join(f"{o.price_e4}x{o.quantity}" + f"+{o.reserve}" * bool(o.reserve)
                     for o in self.reference.queue(symbol, side, hidden))
            for side in (BUY, SELL)
        )


def modify(engine, owner, ref, size, tag, now_ns) -> Status:
    """``modify_at`` for the order of this reference."""
    slot = matching.find(engine, owner, ref)
    if slot < 0:
        return Status.IGNORED
    return matching.modify_at(engine, slot, size, tag, now_ns)


def short(event) -> str:
    who = f"{event.owner}.{event.user_ref}"
    what = f"{event.quantity}@{event.price_e4}"
    if event.kind == EventKind.EXECUTED:
        return f"{who} executed {what} by {event.contra_owner}.{event.contra_user_ref}"
    if event.kind == EventKind.RESTED and event.book_change == BookChange.REPLACE:
        return f"{who} rested {what} for number {event.contra_number}"
    if event.kind == EventKind.REPLACED:
        return f"{who} replaced {event.contra_owner}.{event.contra_user_ref} {what}"
    if event.kind == EventKind.RESTED and event.shown not in (0, event.quantity):
        return f"{who} rested {what} showing {event.shown}"
    if event.kind == EventKind.REFRESHED:
        return f"{who} refreshed {what} showing {event.shown}"
    if event.kind == EventKind.CANCELED:
        why = CancelReason(event.reason)
        usual = why in (CancelReason.USER, CancelReason.IMMEDIATE)
        return f"{who} canceled {event.quantity} leaves {event.leaves}" + (
            "" if usual else f" {why.name}")
    if event.kind == EventKind.REJECTED:
        return f"{who} rejected {event.reason.name}"
    return f"{who} {EventKind(event.kind).name.lower()} {what}"
