"""Actors without a life of their own: tests send and take on their ports, step by step."""

from actors.runtime import Actor, Input, Output, Priority
from schemas.messages import Alert, BookSnapshot, OrderCommand


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
