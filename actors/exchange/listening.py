"""Listening sockets, TCP and UDP, and who is in the way when a port is taken."""

from __future__ import annotations

import errno
import os
import pathlib
import socket

from actors.runtime.addresses import split_address
from actors.runtime.host import ActorError

__all__ = ["bind_datagrams", "listen", "port_holder"]

_BACKLOG = 128
#: By the name of the tables in /proc/net, the state of a socket that waits for others.
_WAITING = {"tcp": "0A", "udp": "07"}


def listen(address: str, what: str) -> socket.socket:
    """A non-blocking socket that listens on ``host:port``. ActorError says ``what`` it was for,
    which port it is, and, where it can be known, which process holds it."""
    host, port = split_address(address)
    host = "" if host == "*" else host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ActorError(_explain(error, address, port, what, "tcp")) from error
    return listener


def bind_datagrams(address: str, what: str) -> socket.socket:
    """A non-blocking IPv4 UDP socket on ``host:port``. ActorError as for :func:`listen`."""
    host, port = split_address(address)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        receiver.setblocking(False)
        receiver.bind(("" if host == "*" else host, port))
    except OSError as error:
        receiver.close()
        raise ActorError(_explain(error, address, port, what, "udp")) from error
    return receiver


def _explain(error: OSError, address: str, port: int, what: str, protocol: str) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(port, protocol)
        by = f"held by {holder}" if holder else "in use by a process of another user"
        return f"{what} cannot listen on {address}: port {port} is {by}; stop it or choose another"
    if error.errno == errno.EACCES:
        return f"{what} cannot listen on {address}: ports below 1024 need privileges; choose higher"
    return f"{what} cannot listen on {address}: {error.strerror or error}"


def port_holder(port: int, protocol: str = "tcp") -> str | None:
    """``pid 123 (name)`` of a process that listens on ``port``, or None if it does not show."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, protocol)}
    if not sockets:
        return None
    for process in sorted(pathlib.Path("/proc").glob("[0-9]*")):
        try:
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in sockets:
                    return f"pid {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue  # it ended, or is not ours to look into
    return None


def _listening_inodes(port: int, protocol: str) -> set[str]:
    inodes = set()
    for table in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
        try:
            lines = pathlib.Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _WAITING[protocol] and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
