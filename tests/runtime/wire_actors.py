"""Actors without a life of their own: tests send and take on their ports, step by step."""

from actors.runtime import Actor, Input, Output, Priority
from schemas.messages import BookSnapshot, OrderCommand


class Talker(Actor):
    """Two outputs to send on."""

    kind, tag = "talker", "TALKER"
    outputs = {"numbers": Output(OrderCommand), "others": Output(OrderCommand)}


class Listener(Actor):
    """Two inputs to take from."""

    kind, tag = "listener", "LISTEN"
    inputs = {"numbers": Input(OrderCommand, None, Priority.ORDER, many=True, optional=True),
              "books": Input(BookSnapshot, None, Priority.MARKET_DATA, many=True, optional=True)}
