"""The exchange: a simulated Nasdaq for real clients. OUCH 5.0 in, ITCH 5.0 out, over SoupBinTCP."""

from __future__ import annotations

import pathlib
import select
import time

import numpy as np

from actors.exchange import handlers
from actors.exchange.accounts import apply_accounts
from actors.exchange.config import ExchangeConfig
from actors.exchange.datagram_sockets import DatagramSockets
from actors.exchange.durability import Durability
from actors.exchange.engine_state import allocate
from actors.exchange.flow_config import HistoricalFlowConfig, SyntheticFlowConfig
from actors.exchange.flow_state import allocate_flow
from actors.exchange.front_door import FrontDoor
from actors.exchange.glimpse import Glimpse
from actors.exchange.history_state import History
from actors.exchange.inputs import CRASH_POINTS, apply_input
from actors.exchange.latency import set_delay
from actors.exchange.latency_state import Direction
from actors.exchange.listening import listen
from actors.exchange.operator_page import OPERATOR
from actors.exchange.ouch42_state import allocate_ouch42
from actors.exchange.recordings import allocate_history, load_recording
from actors.exchange.rules import apply_rules
from actors.exchange.seeing_out import see_out
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import SessionKind, SessionState, allocate_sessions
from actors.exchange.snapshots import SnapshotMaker
from actors.exchange.venue import (
    COUNTER_NAMES, MARKET_DATA_LOG, Counter, Directive, Phase, build_venue,
)
from actors.exchange.venue_operator import VenueOperator, delay_values
from actors.runtime import Actor, Poller, Setup, Table, Timer
from actors.runtime.clock import monotonic_ns, since_midnight_ns, wall_offset_ns
from actors.runtime.handler import Handler
from actors.runtime.host import ActorError
from actors.runtime.journal import JournalError
from actors.runtime.journal.replaying import on_replay
from actors.runtime.logs import actor_logger
from schemas.recorded import RecordingError

__all__ = ["Exchange", "PORTS"]

_MIB = 1 << 20
_HEARTBEAT_CHECK_NS = 100_000_000
_FLOW_CHECK_NS = 1_000_000
_LATENCY_CHECK_NS = 10_000_000
_DAY_NS = 86_400_000_000_000
_CLOSING_S, _ENDING_S = 0.25, 0.05
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#: Shared table ``ports``: the ports in use, which are the configured ones unless those are 0; 0
#: where there is none. ``retransmission`` is a UDP port.
PORTS = np.dtype([("order_entry", "i8"), ("market_data", "i8"), ("retransmission", "i8"),
                  ("glimpse", "i8"), ("order_entry_ouch42", "i8")])


def session_id(wall_ns: int, epoch: int) -> str:
    """A SoupBinTCP session: ten letters and digits, different for every start of the exchange."""
    return _base36(wall_ns // 1_000_000, 8) + _base36(epoch, 2)


def _base36(value: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits


class Exchange(Actor):
    """Two TCP ports, one matching engine, a market, synthetic or recorded. A restart
    recovers the day from the journal, or begins a new one: a new session, empty books, sequence
    numbers from 1."""

    kind, tag = "exchange", "EXCH"
    Config = ExchangeConfig
    timers = {"latency": Timer(handlers.on_latency_timer, _LATENCY_CHECK_NS),
              "flow": Timer(handlers.on_flow_timer, _FLOW_CHECK_NS),
              "heartbeat": Timer(handlers.on_heartbeat_timer, _HEARTBEAT_CHECK_NS)}
    pollers = {"sockets": Poller(handlers.on_sockets)}
    counters = COUNTER_NAMES
    histograms = ("order_ack",)
    table_names = ("venue", "ports", "durability", "operator")
    crash_points = CRASH_POINTS

    @classmethod
    def handlers(cls) -> list[Handler]:
        return [*super().handlers(), apply_input, on_replay]

    def __init__(self, setup: Setup):
        super().__init__(setup)
        config: ExchangeConfig = self.config
        if not self.symbols:
            raise ActorError(f"{self.name}: no symbols to trade; name some under symbols:")
        for key, named in (("prices", list(config.prices)), ("tick", config.tick_symbols)):
            unknown = [symbol for symbol in named if symbol not in self.symbols]
            if unknown:
                raise ActorError(f"{self.name}: config.{key} names {unknown[0]}, which is not "
                                 f"among the topology's symbols {', '.join(self.symbols)}")
        capacity, ticks_e4 = config.capacity, config.ticks_e4(self.symbols)
        n_accounts = len(config.accounts)
        if config.order_entry_ouch42 is not None:
            self._ouch42 = allocate_ouch42(n_accounts, capacity.ouch42_tokens)
            n_accounts *= 2  # see actors.exchange.ouch42_state
        self.venue = build_venue(
            self.symbols, ticks_e4, n_accounts,
            allocate(len(self.symbols), capacity.orders, levels_per_side=capacity.levels_per_side),
            allocate_flow(self._synthetic(), self.symbols, config.prices_e4, ticks_e4),
            allocate_logs([capacity.market_data_log_mib * _MIB]
                          + [capacity.order_entry_log_mib * _MIB] * n_accounts),
            allocate_sessions(capacity.sessions), self._load_history())
        apply_rules(self.venue.engine, config, self.symbols)
        try:
            self._allowed = apply_accounts(self.venue, config.accounts, self.symbols)
        except ValueError as error:
            raise ActorError(f"{self.name}: {error}") from None
        wall_offset = wall_offset_ns()
        now = monotonic_ns()
        record = self.venue.record[0]
        record["midnight_offset_ns"] = since_midnight_ns(now + wall_offset) - now
        if config.order_entry_ouch42 is not None:
            record["ouch42"] = self._ouch42.state.ctypes.data
            self.venue = self.venue._replace(ouch42=self._ouch42)
        self.session = session_id(now + wall_offset, self.epoch)
        self._ports = np.zeros(1, PORTS)
        self._durability = Durability(self.venue, config, self.symbols)

    def _synthetic(self) -> SyntheticFlowConfig:
        flow = self.config.flow
        return flow if isinstance(flow, SyntheticFlowConfig) else SyntheticFlowConfig(rate=0)

    def _load_history(self) -> History | None:
        """The recording to be played. ActorError says what is wrong with it."""
        flow = self.config.flow
        self._oddities, self._told_end = (), False
        if not isinstance(flow, HistoricalFlowConfig):
            return None
        try:
            recording = load_recording(flow, self.symbols, self.config.capacity)
        except RecordingError as error:
            raise ActorError(f"{self.name}: {error}") from None
        self._oddities = recording.oddities
        return allocate_history(flow, recording)

    def tables(self) -> dict[str, Table]:
        return {"venue": Table(self.venue.record), "ports": Table(self._ports, shared=True),
                "durability": Table(self._durability.table, shared=True),
                "operator": Table(np.zeros(1, OPERATOR), shared=True)}

    def start(self) -> None:
        """Recovers what there is to recover, and listens. ActorError says what is wrong with the
        journal, or which port is taken, and by whom."""
        self._log = actor_logger(self.host)
        vitals, record = self.host.vitals, self.venue.record[0]
        record["counters"] = vitals.counters.ctypes.data
        record["vitals"] = vitals.address
        record["order_ack"] = vitals.histograms[0:1].ctypes.data
        self._recover()
        self._set_delays()
        listeners = {
            SessionKind.ORDER_ENTRY: listen(self.config.order_entry, f"{self.name}: order entry"),
            SessionKind.MARKET_DATA: listen(self.config.market_data, f"{self.name}: market data")}
        if self.config.order_entry_ouch42 is not None:
            listeners[SessionKind.OUCH42] = listen(self.config.order_entry_ouch42,
                                                   f"{self.name}: order entry (OUCH 4.2)")
        if self.config.glimpse is not None:
            listeners[SessionKind.GLIMPSE] = listen(self.config.glimpse, f"{self.name}: glimpse")
        self._glimpse = self._make_glimpse()
        self._door = FrontDoor(self.venue, self.config, self.session, listeners, vitals.counters,
                               self._log, self._glimpse)
        self._open_lines()
        self._operator = VenueOperator(self.host.tables["operator"], self._door, self.symbols,
                                       len(self._lines.config.lines) if self._lines else 0)
        self._epoll = select.epoll(self.config.capacity.sessions)
        record["epoll_fd"] = self._epoll.fileno()
        self.host.set_fd("sockets", self._epoll.fileno())
        self._announce(listeners)

    def _recover(self) -> None:
        config = self.config.journal
        folder = pathlib.Path(config.folder or f"{self.host.plan.run_dir}/journal/{self.name}")
        durability = self._durability
        durability.table = self.host.tables["durability"]
        durability.table[0] = np.zeros((), durability.table.dtype)
        try:
            durability.begin(folder, bool(config.folder), self.epoch, self.session,
                             self.host.vitals.counters, self._log)
        except JournalError as error:
            raise ActorError(f"{self.name}: {error}") from None
        self.session = durability.session

    def _set_delays(self) -> None:
        latency, now_ns = self.config.latency, monotonic_ns()
        for direction in Direction:
            delay = getattr(latency, direction.name.lower())
            if delay is not None:
                kind, *values, seed = delay_values(delay, latency.seed)
                set_delay(self.venue.address, int(direction), int(kind), *values, int(seed), now_ns)
        if self._durability.recovered:
            self.venue.record[0]["grace_ns"] = now_ns + int(self.config.recovery_grace_ms * 1e6)

    def _make_glimpse(self) -> Glimpse | None:
        if self.config.glimpse is None:
            return None
        maker = SnapshotMaker(self.venue.logs, MARKET_DATA_LOG, self.config.capacity.orders,
                              len(self.symbols))
        if self.venue.logs.logs[MARKET_DATA_LOG]["next_seq"] > 1:  # a day that goes on
            record = self.venue.record[0]
            maker.take_over(self.venue.address,
                            (monotonic_ns() + int(record["midnight_offset_ns"])) % _DAY_NS)
        return Glimpse(maker, self.config.silence_timeout_ms, self._log,
                       lambda: self._count(Counter.SNAPSHOTS),
                       lambda: self._count(Counter.DROPPED_SESSIONS))

    def _count(self, counter: Counter) -> None:
        self.host.vitals.counters[counter] += 1

    def _open_lines(self) -> None:
        mold, self._lines = self.config.moldudp64, None
        if mold is None:
            return
        send_buffer = self.config.capacity.send_buffer_kib * 1024
        self._lines = DatagramSockets(mold, self.session, send_buffer, self.name)
        log, stream = self.venue.logs.logs[MARKET_DATA_LOG], self._lines.memory.state
        stream["cursor"], stream["next_seq"] = log["end"], log["next_seq"]  # not what was before
        self.venue.record[0]["datagrams"] = stream.ctypes.data
        server = f"requests on UDP port {self._lines.request_port}" if mold.retransmission else \
            "nobody to ask for what is lost"
        self._log.info("MoldUDP64 to {}; {}", ", ".join(line.to for line in mold.lines), server)

    def _announce(self, listeners) -> None:
        addresses = {kind: listener.getsockname()[:2] for kind, listener in listeners.items()}
        order_entry, market_data = (addresses[kind] for kind in (SessionKind.ORDER_ENTRY,
                                                                 SessionKind.MARKET_DATA))
        request_port = self._lines.request_port if self._lines else 0
        none = ("", 0)
        glimpse = addresses.get(SessionKind.GLIMPSE, none)
        ouch42 = addresses.get(SessionKind.OUCH42, none)
        self.host.tables["ports"][0] = (order_entry[1], market_data[1], request_port, glimpse[1],
                                        ouch42[1])
        count = f"{len(self.symbols)} symbol{'s' if len(self.symbols) != 1 else ''}"
        self._log.info("order entry on {}:{}, market data on {}:{}, {}", *order_entry, *market_data,
                       count)
        if ouch42 is not none:
            self._log.info("order entry in OUCH 4.2 on {}:{}", *ouch42)
        if self._glimpse:
            self._log.info("glimpse on {}:{}", *glimpse)
        if self.venue.history:
            self._announce_history()
        self._durability.announce()
        if self.epoch > 1 and not self._durability.recovered:
            self._log.warning("restarted: a new day begins, session {}; books are empty and "
                              "sequence numbers start from 1", self.session)

    def _announce_history(self) -> None:
        flow, state = self.config.flow, self.venue.history.state[0]
        speed = "as fast as possible" if flow.speed == "max" else f"at {flow.speed:g}x speed"
        self._log.info("playing {}: {:,} events {}, {:,} orders from before in the book", flow.file,
                       int(state["count"] - state["seeds"]), speed, int(state["seeds"]))
        for oddity in self._oddities:
            self._log.warning("{}: {}", flow.file, oddity)

    def ready(self) -> bool:
        if self.venue.history:
            history = self.venue.history.state[0]
            return bool(history["laps"] > 0 or history["next"] >= history["seeds"])
        flow = self.venue.flow.state[0]
        return bool(flow["gap_ns"] == 0 or flow["populated"] == flow["n_symbols"])

    def wake_fds(self) -> list[int]:
        return self._door.fds()

    def housekeep(self, now_ns: int) -> None:
        self._door.attend(now_ns)
        see_out(self._door)
        self._operator.attend()
        self._keep_journal(now_ns)
        if self._glimpse:
            self._glimpse.attend(now_ns)
        if self._lines:
            self._lines.tell_errors(self._log)
        if self.venue.history and self.venue.history.state[0]["ended"] and not self._told_end:
            self._told_end = True
            self._log.info("the recording has been played to its end; the book stays as it is")

    def _keep_journal(self, now_ns: int) -> None:
        try:
            self._durability.keep(now_ns)
        except JournalError as error:
            raise ActorError(f"{self.name}: {error}") from None

    def stop(self) -> None:
        """Ends the day: last messages, End of Session to everybody who keeps up, and closes. If it
        is only the exchange that stops, and the day can be recovered, it lets the day be."""
        self._door.close()
        if self._goes_on():
            self._log.info("the day goes on when the exchange is started again")
            return
        record = self.venue.record[0]
        for directive, seconds in ((Directive.CLOSE, _CLOSING_S), (Directive.END_ALL, _ENDING_S)):
            record["directive"] = directive
            until = time.monotonic() + seconds
            while not self._all_ended() and time.monotonic() < until:
                time.sleep(0.001)
        see_out(self._door)
        if self._glimpse:
            self._glimpse.close()
        self.host.set_fd("sockets", -1)
        self._durability.end()
        self._log.info("market closed: {:,} orders, {:,} trades, {:,} market data messages",
                       *(self.host.vitals.counter(name)
                         for name in ("orders_in", "trades", "md_messages")))

    def _goes_on(self) -> bool:
        """Whether a supervisor, which stops this actor alone, may start it again, and the day with
        it."""
        config, deployment = self.config, self.host.deployment
        return bool(self.venue.record[0]["phase"] != Phase.CLOSED
                    and config.on_restart == "recover" and config.journal.durability != "none"
                    and deployment["supervisor_pid"] and not deployment["draining"])

    def _all_ended(self) -> bool:
        states = self.venue.sessions.sessions["state"]
        served = (states == SessionState.OFFERED) | (states == SessionState.ACTIVE)
        told = self._lines is None or self._lines.ended()
        return self.venue.record[0]["phase"] == Phase.CLOSED and told and not served.any()
