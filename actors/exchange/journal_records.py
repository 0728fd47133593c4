"""How the exchange's journal reads, for ``pitwire journal show``."""

from __future__ import annotations

import json
from typing import Any

from actors.exchange.engine_state import CancelMode
from actors.exchange.inputs import InputType
from actors.exchange.session_state import SessionKind
from actors.runtime.journal.formats import register_format
from schemas.venue import ProtocolError, ouch42, ouch50

__all__ = ["request_fields"]


def _number(payload: bytes) -> int:
    return int.from_bytes(payload[:8], "little", signed=True)


def request_fields(payload: bytes) -> dict[str, Any]:
    """A client's request in OUCH 5.0 or 4.2: account number and the message's fields."""
    number, message = _number(payload), payload[8:]
    protocol = ouch42 if number >> 32 == SessionKind.OUCH42 else ouch50
    try:
        decoded = protocol.INBOUND.decode(message)
    except ProtocolError as error:
        return {"account": number & 0xFFFFFFFF, "invalid": str(error), "bytes": message.hex(" ")}
    return {"account": number & 0xFFFFFFFF, **decoded}


def _day_fields(payload: bytes) -> dict[str, Any]:
    day = json.loads(payload[8:])
    return {"session": day["session"], "symbols": day["symbols"]}


def _state_fields(payload: bytes) -> dict[str, Any]:
    return {"symbol": _number(payload), "reason": payload[8:12].decode("ascii").strip()}


def _nothing(payload: bytes) -> dict[str, Any]:
    return {}


_FIELDS = {
    InputType.DAY: _day_fields,
    InputType.REQUEST: request_fields,
    InputType.FLOW: lambda payload: {"now_ns": _number(payload)},
    InputType.DESERT: lambda payload: {"account": _number(payload)},
    InputType.HALT: _state_fields,
    InputType.TRADE: _state_fields,
    InputType.FREEZE: lambda payload: {"symbol": _number(payload) & 0xFFFFFFFF,
                                       "cancels": CancelMode(_number(payload) >> 32).name},
    InputType.BUST: lambda payload: {"match_number": _number(payload), "reason": chr(payload[8])},
    InputType.EXPIRE: lambda payload: {"second": _number(payload)},
    InputType.RESUME: lambda payload: {"stood_still_ns": _number(payload)},
}
for _type in InputType:
    register_format("exchange", _type, _type.name, _FIELDS.get(_type, _nothing))
