"""The gateway's inputs: all that changes its state, one by one, as the journal holds them.

::

    type          payload                                              time_ns
    COMMAND       reason i8 │ deadline_ns i8 │ OrderCommandBody        when it was taken
    SENT          ref i8: the order's bytes are written                T4
    VENUE         sequence i8 │ the message, OUCH 5.0                  when its bytes arrived
    LOGIN         next sequence i8 │ tail i8 │ gap i8 │ session S16
    SESSION_OVER  nothing: the venue has begun a session without us
    TIMEOUT       ref i8
    SWEEP         nothing: one more step of the walk

``reason`` is what the command was refused for before it was looked at, such as NOT_CONNECTED, or 0.
"""

from enum import IntEnum

__all__ = ["CRASH_POINTS", "InputType"]


class InputType(IntEnum):
    """Types of the gateway's journal records."""

    COMMAND = 1
    SENT = 2
    VENUE = 3
    LOGIN = 4
    SESSION_OVER = 5
    TIMEOUT = 6
    SWEEP = 7


#: Where an experiment may kill the gateway. "order journaled": nothing is sent yet. "order sent":
#: its bytes are written, and it is not written down that they are. "message journaled": a message
#: of the venue is applied, and its reports are not passed on. "report sent": after each report.
CRASH_POINTS = ("command arrived", "order journaled", "order sent", "message arrived",
                "message journaled", "report sent", "logged in")
