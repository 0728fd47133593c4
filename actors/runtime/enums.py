"""Words that plans, declarations and kernels share."""

import enum

__all__ = ["Overflow", "Priority", "Wait"]


class Overflow(enum.IntEnum):
    """What a wire does when its consumer is a full capacity behind."""

    BLOCK = 0        #: the producer stops taking input until there is room
    DROP_NEWEST = 1  #: the new message is dropped and counted
    LATEST = 2       #: the newest message per symbol waits at the producer; older ones are counted
    FAIL = 3         #: the handler is told that the message was not sent


class Priority(enum.IntEnum):
    """Order in which a reactor serves its inputs: lower first."""

    CONTROL = 0
    EXECUTION = 1
    ORDER = 2
    MARKET_DATA = 3


class Wait(enum.IntEnum):
    """How a reactor waits when there is nothing to do."""

    BUSY_SPIN = 0
    YIELDING = 1
    BLOCKING = 2
