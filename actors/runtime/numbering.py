"""Taking numbered messages exactly once, in order, from a producer that can send them again.

Go-back-N, seen from the consumer: the number after the last one taken is taken; one that was taken
before is a duplicate; one further ahead says that something in between was lost, is not taken, and
leads to one request for everything from the first missing number on. A request is repeated only
after a while without progress, because the answer to the last may be on its way.

A consumer that also passes messages on may be asked to have older ones sent again: ``wanted`` then
goes back, and what comes again goes through it without being taken.

The number of the last message taken is the consumer's state, and journaled with the message's
effect; what is here begins anew with each incarnation.
"""

import numpy as np

from actors.runtime.native import kernel
from actors.runtime.wire import expect_next, request_replay_at

__all__ = ["AHEAD", "DUPLICATE", "NEXT", "NUMBERING", "REPEAT_NS", "UNNUMBERED", "ask_again",
           "begin_numbering", "follow_number", "give_back", "go_back"]

#: ``page``: address of the input wire's page. ``wanted``: the number to come next, at most one above
#: the last one taken. ``highest``: the highest that came. ``asked_ns``: when a replay was asked for,
#: or last made progress.
NUMBERING = np.dtype([("page", "i8"), ("wanted", "i8"), ("highest", "i8"), ("asked_ns", "i8"),
                      ("requests", "i8")])

#: What :func:`follow_number` says of a message.
UNNUMBERED, NEXT, DUPLICATE, AHEAD = range(4)

#: A replay that makes no progress for so long is asked for again.
REPEAT_NS = 50_000_000


def begin_numbering(numbering: np.ndarray, page: int, last: int) -> None:
    """Before the first message: ``numbering`` is a NUMBERING of shape (1,); ``last`` was taken."""
    numbering[0] = (page, last + 1, last, 0, 0)


@kernel
def _ask(numbering, now_ns):
    numbering.asked_ns = now_ns
    numbering.requests += 1
    request_replay_at(numbering.page, numbering.wanted)


@kernel
def _is_behind(numbering, last):
    """Whether messages are missing, here or for who was promised older ones."""
    return numbering.wanted <= last or numbering.highest > last


@kernel
def follow_number(numbering, last, number, now_ns):
    """What message ``number`` (0: it has none) is, after ``last`` was taken: UNNUMBERED, NEXT (take
    it: the new ``last`` is ``number``), DUPLICATE, or AHEAD (leave it; a replay was asked for)."""
    if number <= 0:
        return UNNUMBERED
    if number > last + 1:
        if not _is_behind(numbering, last) or now_ns - numbering.asked_ns >= REPEAT_NS:
            _ask(numbering, now_ns)
        numbering.highest = max(numbering.highest, number)
        return AHEAD
    if number == numbering.wanted:
        numbering.wanted = number + 1
        numbering.asked_ns = now_ns
        expect_next(numbering.page, numbering.wanted)
    numbering.highest = max(numbering.highest, number)
    return NEXT if number == last + 1 else DUPLICATE


@kernel
def go_back(numbering, last, number, now_ns):
    """Somebody downstream lacks ``number`` and all after it. Returns whether a replay was asked
    for: what was not taken yet will come anyway."""
    if number <= 0 or number > last or number >= numbering.wanted and _is_behind(numbering, last):
        return False
    numbering.wanted = number
    _ask(numbering, now_ns)
    return True


@kernel
def ask_again(numbering, last, now_ns):
    """For a timer: repeats a request that was not answered. Returns whether it did."""
    if not _is_behind(numbering, last) or now_ns - numbering.asked_ns < REPEAT_NS:
        return False
    _ask(numbering, now_ns)
    return True


@kernel
def give_back(numbering, number):
    """Message ``number`` was NEXT and could not be taken after all: it is asked for again later."""
    numbering.wanted = min(numbering.wanted, number)
    expect_next(numbering.page, numbering.wanted)
