"""Network addresses in an actor's config: ``host:port``, and whether the actor binds or connects.

A config field annotated :data:`ListenAddress` says that the actor binds it; the launcher reads this
to find two servers on one address before anything starts. :data:`ConnectAddress` is for the other
end. Both are plain ``str`` once validated; :func:`split_address` takes them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import pydantic

__all__ = [
    "ConnectAddress", "ListenAddress", "addresses_clash", "listen_addresses", "split_address",
]

MAX_PORT = 65535

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_JSON_PATTERN = r"^(\*|\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*):[0-9]{1,5}$"
_ANY_HOST = frozenset({"*", "0.0.0.0", "[::]"})
_LOOPBACK = {"localhost": "127.0.0.1"}


@dataclass(frozen=True)
class Binds:
    """Marks a config field whose address the actor binds."""


def split_address(address: str) -> tuple[str, int]:
    """``host:port`` as (host, port). The host is a name, an IPv4, a bracketed IPv6, or ``*``.

    ValueError says what is wrong with it and what it should look like.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        raise ValueError(f"'{address}' is not host:port, such as 127.0.0.1:9000")
    if int(port[:6]) > MAX_PORT:
        raise ValueError(f"'{address}': port {port} is above {MAX_PORT}")
    if host != "*" and not _HOST.fullmatch(host) and not _IPV6.fullmatch(host):
        hint = "; put an IPv6 host in brackets" if ":" in host else ""
        raise ValueError(f"'{address}': '{host}' is not a host{hint}")
    return host, int(port)


def _listen(address: str) -> str:
    split_address(address)
    return address


def _connect(address: str) -> str:
    host, port = split_address(address)
    if host in _ANY_HOST:
        raise ValueError(f"'{address}' can be listened on, not connected to: name the host")
    if port == 0:
        raise ValueError(f"'{address}': port 0 cannot be connected to")
    return address


_schema = pydantic.WithJsonSchema({"type": "string", "pattern": _JSON_PATTERN})

ListenAddress = Annotated[str, pydantic.AfterValidator(_listen), Binds(), _schema]
"""``host:port`` that the actor binds. Port 0 lets the system choose; host ``*`` is every one."""

ConnectAddress = Annotated[str, pydantic.AfterValidator(_connect), _schema]
"""``host:port`` of a server that the actor connects to. Port 1 to 65535."""


def addresses_clash(one: str, other: str) -> bool:
    """Whether two servers could not both bind: same port, and same host or one that is every host.

    Port 0 clashes with nothing.
    """
    (host, port), (other_host, other_port) = split_address(one), split_address(other)
    if port != other_port or port == 0:
        return False
    host, other_host = (_LOOPBACK.get(h.lower(), h.lower()) for h in (host, other_host))
    return host == other_host or host in _ANY_HOST or other_host in _ANY_HOST


def listen_addresses(config: pydantic.BaseModel) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every address that a config says to bind: (its path in the config, the address).

    Finds fields annotated :data:`ListenAddress`, also inside optionals, lists, tuples, mappings and
    nested models.
    """
    for name, info in type(config).model_fields.items():
        binds = any(isinstance(m, Binds) for m in info.metadata) or _mentions(info.annotation)
        yield from _addresses_in(getattr(config, name), binds, (info.alias or name,))


def _mentions(annotation: Any) -> bool:
    if any(isinstance(m, Binds) for m in getattr(annotation, "__metadata__", ())):
        return True
    return any(_mentions(a) for a in get_args(annotation))


def _addresses_in(value: Any, binds: bool, path: tuple) -> Iterator[tuple[tuple, str]]:
    if isinstance(value, pydantic.BaseModel):
        for inner, address in listen_addresses(value):
            yield path + inner, address
    elif isinstance(value, str):
        if binds:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _addresses_in(item, binds, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _addresses_in(item, binds, (*path, index))
