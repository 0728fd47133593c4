"""How the gateway's journal reads, for ``pitwire journal show``."""

from __future__ import annotations

from typing import Any

import numpy as np

from actors.gateway.inputs import InputType
from actors.runtime.journal.formats import register_format
from schemas.enums import Command, OrderType, RejectReason, Side, TimeInForce
from schemas.messages import ORDER_COMMAND
from schemas.venue import ProtocolError, ouch50

__all__ = []

_WORDS = {"command": Command, "side": Side, "order_type": OrderType,
          "time_in_force": TimeInForce}
_SHOWN = {Command.NEW: ("order_id", "side", "quantity", "symbol_id", "price_e4", "order_type",
                        "time_in_force", "strategy_id"),
          Command.CANCEL: ("original_id", "quantity"),
          Command.REPLACE: ("original_id", "order_id", "quantity", "price_e4", "time_in_force")}


def _number(payload: bytes, at: int = 0) -> int:
    return int.from_bytes(payload[at:at + 8], "little", signed=True)


def _word(name: str, value: int) -> int | str:
    words = _WORDS.get(name)
    return words(value).name if words is not None and value in list(words) else value


def _command(payload: bytes) -> dict[str, Any]:
    body = np.frombuffer(payload[16:], ORDER_COMMAND)[0]
    kind = int(body["command"])
    shown = {name: _word(name, int(body[name]))
             for name in ("command", *_SHOWN.get(kind, ("order_id", "original_id")))}
    reason = _number(payload)
    return {**shown, "refused": RejectReason(reason).name} if reason else shown


def _venue(payload: bytes) -> dict[str, Any]:
    message = payload[8:]
    try:
        decoded = ouch50.OUTBOUND.decode(message)
    except ProtocolError as error:
        decoded = {"invalid": str(error), "bytes": message.hex(" ")}
    return {"sequence": _number(payload), **decoded}


def _login(payload: bytes) -> dict[str, Any]:
    session = payload[24:40].rstrip(b"\0").decode("ascii", "replace")
    return {"session": session, "next_sequence": _number(payload), "tail": _number(payload, 8),
            "gap": _number(payload, 16)}


def _nothing(payload: bytes) -> dict[str, Any]:
    return {}


_FIELDS = {
    InputType.COMMAND: _command,
    InputType.SENT: lambda payload: {"ref": _number(payload)},
    InputType.VENUE: _venue,
    InputType.LOGIN: _login,
    InputType.TIMEOUT: lambda payload: {"ref": _number(payload)},
}
for _type in InputType:
    register_format("gateway", _type, _type.name, _FIELDS.get(_type, _nothing))
