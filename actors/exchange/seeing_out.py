"""What happens to a session that the reactor ended: one line in the log, and its connection closed.

To a client that broke the protocol a Debug packet says what was wrong, before it is cut off.
"""

from __future__ import annotations

import os

import numpy as np

from actors.exchange.front_door import Client, FrontDoor
from actors.exchange.session_state import EndReason, SessionKind, SessionState
from actors.exchange.venue import Counter
from schemas.venue import Validity
from schemas.venue.soupbintcp import debug

__all__ = ["see_out"]

_DROPPED = int(Counter.DROPPED_SESSIONS)
_BY_CLIENT = (EndReason.LOGOUT, EndReason.CLIENT_CLOSED, EndReason.DAY_OVER)
_BAD_BYTES = (EndReason.BAD_FRAMING, EndReason.BAD_PACKET, EndReason.BAD_MESSAGE)


def see_out(door: FrontDoor) -> None:
    """Closes the sessions that ended; logs them, and once each those that sent a bad message."""
    rows = door.venue.sessions.sessions
    for slot, client in list(door.inside.items()):
        row = rows[slot]
        if row["state"] == SessionState.ENDED:
            _close(door, slot, client, row)
        elif row["faults"] > 0 and not client.received:
            client.received = _evidence(row)
            door.log.warning("{}: rejected {}: {}", client, _no_request(row),
                             client.received.hex(" "))


def _close(door: FrontDoor, slot: int, client: Client, row: np.ndarray) -> None:
    reason = EndReason(int(row["reason"]))
    text = _text(reason, row, door)
    if reason in _BAD_BYTES and row["at_boundary"]:
        try:
            client.socket.send(debug(text))
        except OSError:
            pass  # it is gone: nobody to tell
    client.socket.close()
    del door.inside[slot]
    row["fd"] = -1
    row["state"] = SessionState.FREE
    if reason in _BY_CLIENT:
        door.log.info("{}: {}", client, text)
        return
    door.counters[_DROPPED] += 1
    sent = f", starting {_evidence(row).hex(' ')}" if reason in _BAD_BYTES else ""
    door.log.warning("{}: dropped: {}{}", client, text, sent)


def _evidence(row: np.ndarray) -> bytes:
    return row["evidence"][: int(row["evidence_length"])].tobytes()


def _no_request(row: np.ndarray) -> str:
    protocol = "OUCH 4.2" if row["kind"] == SessionKind.OUCH42 else "OUCH 5.0"
    why = Validity(int(row["detail"])).name.lower().replace("_", " ")
    return f"a message that is no {protocol} request ({why})"


def _text(reason: EndReason, row: np.ndarray, door: FrontDoor) -> str:
    detail = int(row["detail"])
    match reason:
        case EndReason.LOGOUT:
            return "logged out"
        case EndReason.CLIENT_CLOSED:
            return "closed the connection"
        case EndReason.OPERATOR:
            return "disconnected by the operator"
        case EndReason.DAY_OVER:
            return "the day is over"
        case EndReason.CONNECTION_LOST:
            return os.strerror(detail).lower()
        case EndReason.SILENT:
            return f"silent for {row['silence_ns'] / 1e9:g} s"
        case EndReason.FELL_BEHIND:
            return "fell so far behind that its next message is no longer kept"
        case EndReason.BAD_FRAMING:
            return "a SoupBinTCP packet of length 0"
        case EndReason.BAD_PACKET:
            return f"a SoupBinTCP packet of type {chr(detail)!r}, which has no place here"
        case EndReason.BAD_MESSAGE:
            return _no_request(row)
    return reason.name.lower()
