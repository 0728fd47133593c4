"""The exchange's operator, on the housekeeper's thread: understands a wish, has it carried out, and
says what came of it, in words for people and as data.

What is wrong with a wish is said before anything is done. What the reactor must do is handed to it
(:mod:`actors.exchange.operations`), and answered when it has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actors.exchange.broken_trades import UnknownTrade, find_trade
from actors.exchange.engine_state import CancelMode, SymbolState
from actors.exchange.front_door import PORT_NAMES, FrontDoor
from actors.exchange.inputs import InputType
from actors.exchange.latency_config import Delay, delay_of_words, delay_text
from actors.exchange.latency_state import Direction, Kind
from actors.exchange.operation_state import DONE, NONE, WANTED, Lost, Operation
from actors.exchange.operator_page import answer_wish, read_wish
from actors.exchange.session_state import SessionKind, SessionState
from actors.exchange.venue import Counter, Directive, Phase

__all__ = ["VenueOperator", "delay_values"]

_MODES = {"pend": CancelMode.PENDING, "reject": CancelMode.REJECTED}
_PORTS = {"order_entry": (SessionKind.ORDER_ENTRY, SessionKind.OUCH42),
          "market_data": (SessionKind.MARKET_DATA,), "glimpse": (SessionKind.GLIMPSE,)}
_REASONS = {"E": "erroneous", "C": "consent", "S": "supervisory", "X": "external"}
_KINDS = {"constant": Kind.CONSTANT, "uniform": Kind.UNIFORM, "lognormal": Kind.LOGNORMAL,
          "spikes": Kind.SPIKES}


class _Refused(Exception):
    """The wish cannot be fulfilled; the text says why."""


def delay_values(delay: Delay | None, seed: int) -> tuple[float, float, float, float, float]:
    """A delay as kernels take it: kind, low, high, shape, seed."""
    if delay is None:
        return (float(Kind.NONE), 0.0, 0.0, 0.0, float(seed))
    low = {"constant": "time", "uniform": "low", "lognormal": "median", "spikes": "base"}
    high = {"uniform": "high", "spikes": "size"}
    shape = {"lognormal": "sigma", "spikes": "probability"}
    values = [float(getattr(delay, names[delay.kind])) if delay.kind in names else 0.0
              for names in (low, high, shape)]
    return (float(_KINDS[delay.kind]), *values, float(seed))


class VenueOperator:
    """``page``: an array of one OPERATOR; ``symbols``: the names; ``lines``: how many MoldUDP64
    lines there are."""

    def __init__(self, page: np.ndarray, door: FrontDoor, symbols: tuple[str, ...], lines: int):
        self._page, self._door, self._symbols, self._lines = page, door, symbols, lines
        self._venue, self._log = door.venue, door.log
        self._order = self._venue.operation[0]
        self._delays = {direction: getattr(door.config.latency, direction.name.lower())
                        for direction in Direction}
        self._pending: dict[str, Any] | None = None
        if page["asked"][0] != page["answered"][0]:
            answer_wish(page, {"error": "the exchange was restarted meanwhile; `pitwire venue "
                                        "status` shows how it is now"})

    def attend(self) -> None:
        """Answers the wish that was carried out, or takes up the one there is."""
        if self._pending is not None:
            if self._order["stage"] == DONE:
                self._finish()
            return
        wish = read_wish(self._page)
        if wish is None:
            return
        try:
            answer = self._take_up(wish)
        except _Refused as error:
            answer = {"error": str(error)}
        if answer is not None:
            answer_wish(self._page, answer)

    def _take_up(self, wish: dict[str, Any]) -> dict[str, Any] | None:
        do = getattr(self, f"_do_{wish.get('verb')}", None)
        if do is None:
            raise _Refused(f"this exchange knows no '{wish.get('verb')}'")
        return do(wish)

    def _hand_over(self, kind: int, number: int, done: str, nothing: str, message: bytes = b"",
                   values: tuple[float, ...] = (), **data: Any) -> None:
        """Lets the reactor do something; ``done`` and ``nothing`` say what came of it."""
        order = self._order
        order["kind"], order["number"], order["length"] = kind, number, len(message)
        order["message"][:len(message)] = memoryview(message)
        order["values"] = [*values, *[0.0] * (order["values"].size - len(values))]
        order["result"] = 0
        self._pending = {"done": done, "nothing": nothing, **data}
        order["stage"] = WANTED

    def _finish(self) -> None:
        pending, self._pending = self._pending, None
        result = int(self._order["result"])
        self._order["stage"] = NONE
        done, nothing = pending.pop("done"), pending.pop("nothing")
        if nothing and result == 0:
            answer_wish(self._page, {"error": nothing})
            return
        text = done.format(n=result)
        self._log.warning("operator: {}", text)
        answer_wish(self._page, {"done": text, **pending, "count": result})

    # ---- symbols and trades ------------------------------------------------------------------

    def _symbol(self, wish: dict[str, Any]) -> tuple[int, str]:
        name = str(wish.get("symbol", "")).upper()
        if name not in self._symbols:
            raise _Refused(f"no symbol '{name}' here; there are {', '.join(self._symbols)}")
        self._require_open()
        return self._symbols.index(name), name

    def _require_open(self) -> None:
        phase = Phase(int(self._venue.record[0]["phase"]))
        if phase != Phase.OPEN:
            raise _Refused("the day is over" if phase == Phase.CLOSED else "the day has not begun")

    @staticmethod
    def _reason(wish: dict[str, Any]) -> bytes:
        reason = str(wish.get("reason", "")).upper()
        if len(reason) > 4 or not reason.isascii() or not (reason.isalnum() or reason == ""):
            raise _Refused(f"'{reason}' is no reason of a trading action: up to four letters and "
                           "digits, such as T1")
        return reason.ljust(4).encode("ascii")

    def _do_halt(self, wish: dict[str, Any]) -> None:
        number, name = self._symbol(wish)
        self._hand_over(InputType.HALT, number, f"{name} is halted", f"{name} is halted already",
                        self._reason(wish), symbol=name)

    def _do_resume(self, wish: dict[str, Any]) -> None:
        number, name = self._symbol(wish)
        self._hand_over(InputType.TRADE, number, f"{name} trades again", f"{name} is not halted",
                        self._reason(wish), symbol=name)

    def _do_freeze(self, wish: dict[str, Any]) -> None:
        number, name = self._symbol(wish)
        cancels = str(wish.get("cancels", "pend"))
        if cancels not in _MODES:
            raise _Refused(f"cancels can {' or '.join(_MODES)}, not '{cancels}'")
        mode = _MODES[cancels]
        self._hand_over(InputType.FREEZE, number | int(mode) << 32,
                        f"cancels in {name} are {mode.name.lower()} from now on",
                        f"cancels in {name} are {mode.name.lower()} already", symbol=name)

    def _do_thaw(self, wish: dict[str, Any]) -> None:
        number, name = self._symbol(wish)
        self._hand_over(InputType.FREEZE, number,
                        f"cancels in {name} are taken again; those that were pending are done",
                        f"cancels in {name} are not frozen", symbol=name)

    def _do_bust(self, wish: dict[str, Any]) -> None:
        match_number, reason = wish.get("match"), str(wish.get("reason", "S")).upper()
        if not isinstance(match_number, int) or match_number < 1:
            raise _Refused(f"'{match_number}' is no match number")
        if reason not in _REASONS:
            raise _Refused(f"'{reason}' is no reason to break a trade: " + ", ".join(
                f"{letter} ({word})" for letter, word in _REASONS.items()))
        self._require_open()
        try:
            trade = find_trade(self._venue, match_number)
        except UnknownTrade as error:
            raise _Refused(str(error)) from None
        accounts = self._door.config.accounts
        names = [accounts[(owner - 1) % len(accounts)].username for owner in trade.owners]
        told = f"; told {' and '.join(names)}" if names else "; no account took part in it"
        symbol = self._symbols[trade.locate - 1]
        self._hand_over(
            InputType.BUST, match_number, f"trade {match_number} in {symbol} is broken{told}", "",
            reason.encode() + trade.locate.to_bytes(2, "big") + trade.parties, symbol=symbol,
            match=match_number, accounts=names)

    def _do_close(self, wish: dict[str, Any]) -> dict[str, Any]:
        self._require_open()
        self._venue.record[0]["directive"] = Directive.CLOSE
        self._log.warning("operator: the day is closed")
        return {"done": "the day is closed: day orders are canceled, sessions end when they have "
                        "everything"}

    # ---- connections ---------------------------------------------------------------------------

    def _do_disconnect(self, wish: dict[str, Any]) -> None:
        username, ports = str(wish.get("account", "")).upper(), wish.get("ports") or list(_PORTS)
        accounts = [account.username.upper() for account in self._door.config.accounts]
        if username != "ALL" and username not in accounts:
            raise _Refused(f"no account '{username}' here; there are {', '.join(accounts)}, or all")
        unknown = [port for port in ports if port not in _PORTS]
        if unknown:
            raise _Refused(f"no port '{unknown[0]}'; there are {', '.join(_PORTS)}")
        kinds = [kind for port in ports for kind in _PORTS[port]]
        if SessionKind.GLIMPSE in kinds and self._door.glimpse is not None:
            self._door.glimpse.dismiss(None if username == "ALL" else username)
        account = -1 if username == "ALL" else accounts.index(username)
        both = SessionKind.OUCH42 in kinds and account >= 0 \
            and self._door.config.order_entry_ouch42 is not None
        mask = sum(1 << kind for kind in kinds)
        who = "everybody" if account < 0 else username
        self._hand_over(Operation.DISCONNECT, account, f"disconnected {who}: {{n}} sessions", "",
                        values=(mask, account + len(accounts) if both else -2), account=username)

    def _do_delay(self, wish: dict[str, Any]) -> None:
        direction = self._direction(wish.get("direction"))
        try:
            delay = delay_of_words([str(word) for word in wish.get("words", [])])
        except ValueError as error:
            raise _Refused(str(error)) from None
        self._delays[direction] = delay
        name = direction.name.lower()
        self._hand_over(Operation.DELAY, direction, f"{name} take {delay_text(delay)} from now on",
                        "", values=delay_values(delay, self._door.config.latency.seed),
                        direction=name, delay=delay_text(delay))

    @staticmethod
    def _direction(name: Any) -> Direction:
        names = {direction.name.lower(): direction for direction in Direction}
        if name not in names:
            raise _Refused(f"no direction '{name}'; there are {', '.join(names)}")
        return names[name]

    def _do_drop(self, wish: dict[str, Any]) -> None:
        names = {lost.name.lower(): lost for lost in Lost}
        what, count, fraction = wish.get("what"), wish.get("count", 0), wish.get("fraction", 0.0)
        line = wish.get("line")
        if what not in names:
            raise _Refused(f"'{what}' cannot be dropped; {' and '.join(names)} can")
        if not 0 <= count <= 10**12 or not 0 <= fraction <= 1:
            raise _Refused("drop a number of messages from 0 on, or 0% to 100% of them")
        if what == "market_data" and self._lines == 0:
            raise _Refused("there are no MoldUDP64 lines to drop packets on, and a TCP stream has "
                           "no gaps; disconnect the client instead")
        if line is not None and (what == "orders" or not 1 <= line <= self._lines):
            raise _Refused(f"no line {line} of {what}; lines of market_data are 1 to {self._lines}"
                           if self._lines else f"{what} have no lines")
        amount = [f"the next {count:,}"] if count else []
        amount += [f"{fraction:.6g} of them"] if fraction else []
        where = f" on line {line}" if line else ""
        self._hand_over(
            Operation.DROP, names[what],
            f"{what}: dropping {' and '.join(amount) or 'none'}{where}", "",
            values=(float(count), float(fraction), -1.0 if line is None else line - 1.0),
            what=what)

    # ---- status --------------------------------------------------------------------------------

    def _do_status(self, wish: dict[str, Any]) -> dict[str, Any]:
        record, counters = self._venue.record[0], self._door.counters
        engine = self._venue.engine
        symbols = {
            name: {"state": SymbolState(int(row["state"])).name,
                   "cancels": CancelMode(int(row["cancels"])).name}
            for name, row in zip(self._symbols, engine.symbols)
            if row["state"] != SymbolState.TRADING or row["cancels"] != CancelMode.TAKEN}
        counted = (Counter.ORDERS_IN, Counter.TRADES, Counter.BROKEN_TRADES,
                   Counter.REQUESTS_DROPPED, Counter.DATAGRAMS_DROPPED)
        return {"done": "", "session": self._door.session,
                "phase": Phase(int(record["phase"])).name, "symbols": len(self._symbols),
                "not_trading": symbols, "clients": self._clients(),
                "latency": {direction.name.lower(): delay_text(delay)
                            for direction, delay in self._delays.items()},
                "drops": {lost.name.lower(): {"next": int(row["next"]),
                                              "fraction": float(row["fraction"])}
                          for lost, row in zip(Lost, self._venue.drops)},
                "counters": {counter.name.lower(): int(counters[counter]) for counter in counted}}

    def _clients(self) -> list[dict[str, Any]]:
        rows, logs = self._venue.sessions.sessions, self._venue.logs.logs
        clients = [{"account": client.username, "port": PORT_NAMES[client.kind],
                    "peer": client.peer,
                    "behind_bytes": int(logs[int(rows[slot]["log"])]["end"] - rows[slot]["cursor"])}
                   for slot, client in self._door.inside.items()
                   if rows[slot]["state"] == SessionState.ACTIVE]
        viewers = self._door.glimpse.viewers if self._door.glimpse else []
        return clients + [{"account": viewer.client.username, "port": "glimpse",
                           "peer": viewer.client.peer, "behind_bytes": 0} for viewer in viewers]
