"""Actors without a life of their own: tests send and take on their ports, step by step."""

from actors.runtime import Actor, Input, Output, Priority
from schemas.messages import MESSAGE_TYPES, Alert, BookSnapshot, OrderCommand


class Talker(Actor):
    """Outputs to send on."""

    kind, tag = "talker", "TALKER"
    outputs = {"numbers": Output(OrderCommand), "alerts": Output(Alert),
               "books": Output(BookSnapshot)}


class Listener(Actor):
    """Inputs to take from."""

    kind, tag = "listener", "LISTEN"
    inputs = {"numbers": Input(OrderCommand, None, Priority.ORDER, many=True, optional=True),
              "alerts": Input(Alert, None, Priority.CONTROL, many=True, optional=True),
              "books": Input(BookSnapshot, None, Priority.MARKET_DATA, many=True, optional=True)}


def _port(message) -> str:
    """``OrderCommand`` -> ``order_command``."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in message.name).lstrip("_")


class Polyglot(Actor):
    """An input and an output for every message there is."""

    kind, tag = "polyglot", "POLYGLOT"
    inputs = {_port(m): Input(m, None, optional=True) for m in MESSAGE_TYPES.values()}
    outputs = {_port(m): Output(m) for m in MESSAGE_TYPES.values()}
