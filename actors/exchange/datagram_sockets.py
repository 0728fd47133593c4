"""The sockets of the MoldUDP64 lines and of the retransmission server: opened and watched."""

from __future__ import annotations

import ipaddress
import os
import socket

from actors.exchange.datagram_state import (
    ENDINGS, Datagrams, allocate_datagrams, socket_address,
)
from actors.exchange.listening import bind_datagrams
from actors.exchange.network_config import LineConfig, MoldUdp64Config
from actors.runtime.addresses import split_address
from actors.runtime.host import ActorError

__all__ = ["DatagramSockets"]

_NS_PER_MS = 1_000_000


class DatagramSockets:
    """Opens everything, or ActorError says what cannot be, and for which address. It stays open as
    long as the process lives, for the reactor may send to its last moment.

    ``memory`` is what the kernels work on; ``send_buffer`` are the bytes to ask the system for, of
    each line; ``actor`` is the exchange's name, for errors.
    """

    def __init__(self, config: MoldUdp64Config, session: str, send_buffer: int, actor: str):
        self.config = config
        self.memory: Datagrams = allocate_datagrams(
            len(config.lines), config.max_payload, int(config.heartbeat_ms * _NS_PER_MS), session)
        self._sockets: list[socket.socket] = []
        self._told = [0] * len(config.lines)
        self.request_port = 0
        try:
            for row, line in zip(self.memory.lines, config.lines):
                self._open_line(row, line, send_buffer, actor)
            if config.retransmission is not None:
                server = bind_datagrams(config.retransmission, f"{actor}: retransmission")
                self._sockets.append(server)
                self.memory.state[0]["request_fd"] = server.fileno()
                self.request_port = server.getsockname()[1]
        except ActorError:
            for opened in self._sockets:
                opened.close()
            raise

    def _open_line(self, row, line: LineConfig, send_buffer: int, actor: str) -> None:
        host, port = split_address(line.to)
        try:
            resolved = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0]
        except OSError as error:
            raise ActorError(f"{actor}: moldudp64 line to {line.to}: '{host}' has no IPv4 address "
                             f"({error.strerror})") from error
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sockets.append(sender)
        sender.setblocking(False)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        if ipaddress.IPv4Address(resolved).is_multicast:
            try:
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                  socket.inet_aton(line.interface))
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, line.ttl)
            except OSError as error:
                raise ActorError(f"{actor}: moldudp64 line to {line.to}: cannot send from the "
                                 f"interface {line.interface}: {error.strerror}") from error
        row["fd"] = sender.fileno()
        row["address"] = list(socket_address(resolved, port))

    def ended(self) -> bool:
        """Whether the lines heard of the end of the day, and again."""
        return self.memory.state[0]["endings"] >= ENDINGS

    def tell_errors(self, log) -> None:
        """Logs why datagrams could not be sent, once for each line and reason in a row."""
        for n, line in enumerate(self.config.lines):
            error = int(self.memory.lines[n]["errno"])
            if error != self._told[n]:
                self._told[n] = error
                log.warning("moldudp64 line to {}: cannot send: {}; its receivers get nothing "
                            "while that lasts", line.to, os.strerror(error).lower())
