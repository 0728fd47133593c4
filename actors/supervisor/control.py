"""The control socket: a ZeroMQ ROUTER at ``<run_dir>/control.sock`` that answers in JSON.

A request is one frame, ``{"verb": ..., ...}``; an ``id`` in it comes back in the reply. A reply is
``{"ok": true, ...}`` or ``{"ok": false, "code": ..., "error": ...}``. Whatever arrives is answered;
nothing that arrives can end the supervisor.

============  =====================  =============================================================
verb          arguments              reply
============  =====================  =============================================================
``ping``                             ``pid``
``status``                           ``stage``, ``progress``, ``trading_enabled``, ``reason`` …
``ps``                               ``actors``: a row each
``events``    ``since``              ``events``, ``next``, ``missed``
``note``      ``kind``, ``text``     ``n``: it is an event; also ``actor``, ``data``
``kill``      ``actor``, ``signal``  ``actors``, ``pid``, ``process``, ``incarnation``
``stop``      ``actor``              ``actors``, ``process``, ``incarnation``
``start``     ``actor``              the same
``restart``   ``actor``              the same
``shutdown``  ``reason``
``halt`` …    see ``trading_verbs``  ``request``, whose outcome ``trading`` tells
============  =====================  =============================================================
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from typing import Any

import zmq
from loguru import logger

__all__ = ["CONTROL_SOCKET", "ControlServer", "RequestError", "signal_number", "text_argument"]

CONTROL_SOCKET = "control.sock"
_LARGEST_REQUEST = 65_536
_REQUESTS_PER_TURN = 32

Verb = Callable[[Mapping[str, Any]], dict[str, Any]]


class RequestError(Exception):
    """A request that cannot be served. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, text: str):
        self.code = code
        super().__init__(text)


class ControlServer:
    """Serves ``verbs`` at ``address``. Each takes the request and returns the reply's fields."""

    def __init__(self, context: zmq.Context, address: str, verbs: Mapping[str, Verb]):
        self._verbs = dict(verbs)
        self.socket = context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 200)
        self.socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST_REQUEST)
        self.socket.bind(address)

    def serve(self) -> None:
        """Answers what has arrived."""
        for _ in range(_REQUESTS_PER_TURN):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            reply = self._answer(frames[-1]) if len(frames) > 1 else _refusal(
                RequestError("bad_request", "a request is one frame of JSON"))
            try:  # a REQ socket puts an empty frame before its request and expects it back
                self.socket.send_multipart([*frames[:-1], reply], zmq.NOBLOCK)
            except zmq.ZMQError:
                continue  # the client went away

    def _answer(self, frame: bytes) -> bytes:
        request: Any = None
        try:
            request = _parse(frame)
            return _encode({"ok": True, **self._verb(request)(request)}, request)
        except RequestError as error:
            return _refusal(error, request)
        except Exception as error:  # a fault of ours is no reason to leave actors alone
            logger.opt(exception=error).error("request {} failed: {}", frame[:200], error)
            return _refusal(RequestError("internal", f"failed: {error!r}"), request)

    def _verb(self, request: Mapping[str, Any]) -> Verb:
        word = request.get("verb")
        found = self._verbs.get(word) if isinstance(word, str) else None
        if found is None:
            raise RequestError("unknown_verb", f"no verb {str(word)[:60]!r}; there are "
                                               f"{', '.join(self._verbs)}")
        return found

    def close(self) -> None:
        self.socket.close()


def _parse(frame: bytes) -> dict[str, Any]:
    try:
        request = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise RequestError("bad_request", f"not JSON: {error}") from None
    if not isinstance(request, dict):
        raise RequestError("bad_request", "a request is a JSON object")
    return request


def _refusal(error: RequestError, request: Any = None) -> bytes:
    return _encode({"ok": False, "code": error.code, "error": str(error)}, request)


def _encode(reply: dict[str, Any], request: Any) -> bytes:
    if isinstance(request, dict) and "id" in request:
        reply["id"] = request["id"]
    return json.dumps(reply).encode()


def text_argument(request: Mapping[str, Any], name: str) -> str:
    """The text called ``name``. RequestError if it is missing or no text."""
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError("bad_request", f"'{name}' has to be a text")
    return value


def signal_number(word: Any) -> signal.Signals:
    """The signal that a number, ``KILL`` or ``SIGKILL`` means. RequestError if none."""
    try:
        if isinstance(word, bool):
            raise ValueError
        if isinstance(word, int) or isinstance(word, str) and word.isdecimal():
            return signal.Signals(int(word))
        name = str(word).upper()
        return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]
    except (ValueError, KeyError):
        raise RequestError("bad_signal", f"no signal {str(word)[:40]!r}; try KILL, TERM, STOP or "
                                         f"CONT") from None
