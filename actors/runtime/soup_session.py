"""The plain half of a SoupBinTCP client: connects, logs in, hands over to the reactor, reconnects.

A non-blocking state machine that an actor drives from its housekeeping. Every login is made twice:
first one that asks for sequence 0, whose answer tells the venue's session and how far its stream
has come; then the real one, for the first message not yet handled. So a venue that started a new
stream is recognised before anything of it is taken for the old one's, and a reader knows up to
where what it receives is history.

::

    WAITING ─> CONNECTING ─> LOGGING_IN ─> (once more) ─> ACTIVE: the reactor's until it is lost
       ^───────────── backoff ──────────────┴───────────────┘

Source: SoupBinTCP 3.00 to 4.1, section 2.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import os
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pydantic

from actors.runtime.actor import Config
from actors.runtime.addresses import ConnectAddress, split_address
from actors.runtime.faults import links_are_cut
from actors.runtime.soup_kernels import LinkLoss, LinkState
from schemas.venue import ProtocolError, soupbintcp

__all__ = ["SoupClient", "SoupConfig", "StreamPlan", "plan_stream"]

_NS_PER_MS = 1_000_000
_HANDSHAKE_NS = 5_000_000_000  # for a connection, and for the answer to a login
_LOGOUT_S = 0.1
_RX_BYTES = 1 << 19
_TX_BYTES = 1 << 18


class SoupConfig(Config):
    """Config of an actor that is a client of one SoupBinTCP server."""

    venue: ConnectAddress
    username: str = pydantic.Field("DESK01", max_length=6)
    password: str = pydantic.Field("PITWIRE", max_length=10)
    #: Session to join; blank for the venue's current one.
    session: str = pydantic.Field("", max_length=10)
    #: Delay before a reconnection: doubles from the first to the last with every failure.
    reconnect_min_ms: float = pydantic.Field(20.0, gt=0, le=60_000)
    reconnect_max_ms: float = pydantic.Field(2_000.0, gt=0, le=600_000)
    #: A venue silent for so long is gone; it should have sent a heartbeat every second.
    silence_timeout_ms: float = pydantic.Field(15_000.0, gt=0, le=600_000)
    #: Our own heartbeat, after so long without sending anything.
    heartbeat_ms: float = pydantic.Field(1_000.0, gt=0, le=60_000)


@dataclass(frozen=True)
class StreamPlan:
    """What to ask for. ``fresh``: the venue's stream is not the one known; forget that."""

    fresh: bool
    sequence: int


def plan_stream(known_session: str, next_sequence: int, session: str, tail: int) -> StreamPlan:
    """Decides from what is known and what the venue says whether its stream is still the same.

    ``tail`` is the number of the venue's next message. A stream that is shorter than what we have
    handled is another one, whatever its name. (Some venues answer with the number of their last
    message, hence the 1.)
    """
    if not known_session:
        return StreamPlan(False, max(next_sequence, 1))
    if session != known_session or tail + 1 < next_sequence:
        return StreamPlan(True, 1)
    return StreamPlan(False, next_sequence)


class _Phase(enum.Enum):
    WAITING = enum.auto()
    CONNECTING = enum.auto()
    LOGGING_IN = enum.auto()
    ACTIVE = enum.auto()
    CLOSED = enum.auto()


class SoupClient:
    """One connection, kept up. All methods are for the housekeeper's thread; none blocks.

    ``link`` is the SOUP_LINK record, shape (), that the actor's handlers see; it says from which
    session and ``next_sequence`` to go on. ``what`` names the connection in log lines. ``log`` is a
    loguru logger. ``attach(fd)`` gives the reactor a descriptor, -1 takes it away. ``on_fresh`` is
    called when the venue's stream is not the one known, ``on_gap`` when part of the known one is
    gone for good, each before anything that follows arrives; ``may_log_in`` can hold a login back,
    for as long as something of the old stream is unfinished.

    Without ``resumes`` every login is a stream of its own, as GLIMPSE's are: one login, for message
    1, and ``on_fresh`` before each.
    """

    def __init__(self, link: np.ndarray, config: SoupConfig, what: str, log,
                 attach: Callable[[int], None], on_fresh: Callable[[], None],
                 on_gap: Callable[[], None], may_log_in: Callable[[], bool] = lambda: True,
                 resumes: bool = True):
        self.link, self.config, self.what = link, config, what
        self._log, self._attach, self._may = log, attach, may_log_in
        self._on_fresh, self._on_gap = on_fresh, on_gap
        self._resumes = resumes
        self._rx, self._tx = np.zeros(_RX_BYTES, np.uint8), np.zeros(_TX_BYTES, np.uint8)
        self._family, self._address = self._resolve()
        self._phase = _Phase.WAITING
        self._socket: socket.socket | None = None
        self._inbox = b""
        self._deadline = 0
        self._retry_at = 0
        self._failures = 0
        self._active_since = 0
        self._probe: soupbintcp.LoginAccepted | None = None
        link["state"] = LinkState.IDLE
        link["next_sequence"] = max(int(link["next_sequence"]), 1)

    def _resolve(self):
        host, port = split_address(self.config.venue)
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        return found[0][0], found[0][4]

    # ---- what others see ---------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the reactor has a link that is logged in."""
        return self._phase is _Phase.ACTIVE and self.link["state"] == LinkState.ACTIVE

    @property
    def session(self) -> str:
        """The venue's session, blank before the first login."""
        return self.link["session"].item().decode("ascii", "replace")

    def housekeep(self, now_ns: int) -> None:
        """Does what is due. Call it every few milliseconds."""
        if links_are_cut(now_ns):
            self._obey_cut(now_ns)
        if self._phase is _Phase.ACTIVE and self.link["state"] != LinkState.ACTIVE:
            self._lost(now_ns)
        if self._phase is _Phase.WAITING and now_ns >= self._retry_at and self._may():
            self._connect(now_ns)
        if self._phase is _Phase.CONNECTING:
            self._finish_connecting(now_ns)
        if self._phase is _Phase.LOGGING_IN:
            self._read_answer(now_ns)

    def close(self) -> None:
        """Logs out, if the reactor still turns, and closes. The client is of no use after this."""
        if self.connected:
            self.link["logout"] = 1
            until = time.monotonic() + _LOGOUT_S
            while self.link["state"] == LinkState.ACTIVE and time.monotonic() < until:
                time.sleep(0.001)
            self._log.info("logged out of {}", self.what)
        self._drop_socket()
        self._phase = _Phase.CLOSED

    # ---- connecting --------------------------------------------------------------------------

    def _connect(self, now_ns: int) -> None:
        self._socket = socket.socket(self._family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        result = self._socket.connect_ex(self._address)
        if result not in (0, errno.EINPROGRESS):
            self._fail(now_ns, os.strerror(result).lower())
            return
        self._deadline = now_ns + _HANDSHAKE_NS
        self._phase = _Phase.CONNECTING

    def _finish_connecting(self, now_ns: int) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        if not poll.poll(0):
            if now_ns > self._deadline:
                self._fail(now_ns, "no answer to the connection")
            return
        result = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result != 0:
            self._fail(now_ns, os.strerror(result).lower())
            return
        self._send_login(now_ns)

    # ---- logging in --------------------------------------------------------------------------

    def _send_login(self, now_ns: int) -> None:
        if not self._resumes:
            self._on_fresh()
            self.link["session"], self.link["next_sequence"] = b"", 1
        probing = self._resumes and self._probe is None
        sequence = 0 if probing else int(self.link["next_sequence"])
        config = self.config
        request = soupbintcp.LoginRequest(config.username, config.password, config.session,
                                          sequence)
        try:
            self._socket.send(request.encode())  # a fresh connection takes 50 bytes at once
        except OSError as error:
            self._fail(now_ns, str(error))
            return
        self._inbox = b""
        self._deadline = now_ns + _HANDSHAKE_NS
        self._phase = _Phase.LOGGING_IN

    def _read_answer(self, now_ns: int) -> None:
        """Reads packets up to the answer and not a byte beyond: what follows is the reactor's."""
        try:
            while self._phase is _Phase.LOGGING_IN:
                wanted = soupbintcp.HEADER_LENGTH
                if len(self._inbox) >= wanted:
                    wanted = 2 + int.from_bytes(self._inbox[:2], "big")
                    if wanted == 2:
                        raise ProtocolError("a packet of length 0")
                if len(self._inbox) < wanted:
                    chunk = self._socket.recv(wanted - len(self._inbox))
                    if not chunk:
                        self._fail(now_ns, "the venue closed the connection before it answered "
                                           "the login")
                        return
                    self._inbox += chunk
                    continue
                packet, self._inbox = self._inbox, b""
                self._take_answer(packet[2], packet[3:], now_ns)
        except BlockingIOError:
            if now_ns > self._deadline:
                self._fail(now_ns, "no answer to the login")
        except OSError as error:
            self._fail(now_ns, os.strerror(error.errno).lower() if error.errno else str(error))
        except ProtocolError as error:
            self._fail(now_ns, f"bad answer to the login: {error}")

    def _take_answer(self, kind: int, payload: bytes, now_ns: int) -> None:
        if kind == soupbintcp.LOGIN_ACCEPTED:
            self._accepted(soupbintcp.LoginAccepted.decode(payload), now_ns)
        elif kind == soupbintcp.LOGIN_REJECTED:
            reason = soupbintcp.LoginRejected.decode(payload).reason
            self._fail(now_ns, f"login rejected: {_word(reason)} (user {self.config.username}, "
                               f"session '{self.config.session}')")
        elif kind not in (soupbintcp.DEBUG, soupbintcp.SERVER_HEARTBEAT):
            raise ProtocolError(f"a packet of type {chr(kind)!r} before Login Accepted")

    def _accepted(self, answer: soupbintcp.LoginAccepted, now_ns: int) -> None:
        if not self._resumes:
            self.link["session"] = answer.session.encode("ascii", "replace")
            self._hand_over(answer, now_ns)
            return
        if self._probe is None:
            self._take_probe(answer)
        elif answer.session != self._probe.session:
            self._probe = None  # a new stream began between the two logins
        else:
            self._hand_over(answer, now_ns)
            return
        self._drop_socket()
        self._phase, self._retry_at = _Phase.WAITING, now_ns

    def _take_probe(self, answer: soupbintcp.LoginAccepted) -> None:
        self._socket.send(soupbintcp.packet(soupbintcp.LOGOUT_REQUEST))
        link = self.link
        plan = plan_stream(self.session, int(link["next_sequence"]), answer.session,
                           answer.sequence_number)
        if plan.fresh:
            self._log.warning("{}: session '{}' is over after message {}, the venue is in '{}'",
                              self.what, self.session, int(link["next_sequence"]) - 1,
                              answer.session)
            self._on_fresh()
        link["session"], link["next_sequence"] = answer.session.encode("ascii", "replace"), \
            plan.sequence
        self._probe = answer

    def _hand_over(self, answer: soupbintcp.LoginAccepted, now_ns: int) -> None:
        link = self.link
        wanted = int(link["next_sequence"])
        if answer.sequence_number > wanted:
            self._log.error("{}: messages {} to {} are gone: the venue goes on at {}", self.what,
                            wanted, answer.sequence_number - 1, answer.sequence_number)
            self._on_gap()
            link["gap"] += answer.sequence_number - wanted
            link["next_sequence"] = answer.sequence_number
        link["skip"] = max(wanted - answer.sequence_number, 0)
        link["tail"] = self._probe.sequence_number if self._probe is not None else 0
        link["rx"], link["rx_size"] = self._rx.ctypes.data, self._rx.size
        link["tx"], link["tx_size"] = self._tx.ctypes.data, self._tx.size
        link["rx_start"] = link["rx_end"] = link["tx_start"] = link["tx_end"] = 0
        link["received_ns"] = link["sent_ns"] = now_ns
        link["heartbeat_ns"] = int(self.config.heartbeat_ms * _NS_PER_MS)
        link["silence_ns"] = int(self.config.silence_timeout_ms * _NS_PER_MS)
        link["logout"] = link["loss"] = link["loss_errno"] = link["sample_size"] = 0
        link["fd"] = self._socket.fileno()
        link["logins"] += 1
        self._log.info("logged in to {}, next sequence {}", self.what, int(link["next_sequence"]))
        link["state"] = LinkState.ACTIVE
        self._attach(self._socket.fileno())
        self._probe, self._active_since, self._phase = None, now_ns, _Phase.ACTIVE

    def _obey_cut(self, now_ns: int) -> None:
        """There is to be no connection: as if the cable were out. Tried again later."""
        if self._phase is _Phase.ACTIVE:
            with contextlib.suppress(OSError):  # the reactor may have found it lost already
                self._socket.shutdown(socket.SHUT_RDWR)
        elif self._phase in (_Phase.CONNECTING, _Phase.LOGGING_IN):
            self._fail(now_ns, "the link was cut")
        self._retry_at = max(self._retry_at, now_ns + 1)

    # ---- failing -----------------------------------------------------------------------------

    def _lost(self, now_ns: int) -> None:
        link = self.link
        loss = LinkLoss(int(link["loss"]))
        text = {LinkLoss.CLOSED: "the venue closed the connection",
                LinkLoss.SILENCE: f"nothing came for {int(link['silence_ns']) / 1e9:g} s",
                LinkLoss.END_OF_SESSION: "the venue ended the session",
                LinkLoss.MALFORMED: "bytes that are no SoupBinTCP packet",
                LinkLoss.BAD_MESSAGE: "a message that cannot be",
                }.get(loss, loss.name.lower().replace("_", " "))
        if link["loss_errno"]:
            text = os.strerror(int(link["loss_errno"])).lower()
        if link["sample_size"]:
            text += f", starting {bytes(link['sample'][:int(link['sample_size'])]).hex(' ')}"
        if now_ns - self._active_since >= self.config.reconnect_max_ms * _NS_PER_MS:
            self._failures = 0
        self._fail(now_ns, text)

    def _fail(self, now_ns: int, text: str) -> None:
        self._drop_socket()
        delay_ms = min(self.config.reconnect_min_ms * 2 ** min(self._failures, 30),
                       self.config.reconnect_max_ms)
        self._failures += 1
        self._probe = None
        self._retry_at = now_ns + int(delay_ms * _NS_PER_MS)
        self._phase = _Phase.WAITING
        self._log.warning("{} at {}: {}; next attempt in {:g} ms", self.what, self.config.venue,
                          text, delay_ms)

    def _drop_socket(self) -> None:
        self._attach(-1)
        self.link["state"] = LinkState.IDLE
        self.link["fd"] = -1
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _word(name: enum.IntEnum) -> str:
    return name.name.lower().replace("_", " ")
