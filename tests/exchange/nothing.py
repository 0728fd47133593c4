"""A handler that does nothing: stands for a kill before the work is done."""

from actors.runtime import handler

__all__ = ["do_nothing"]


@handler
def do_nothing(venue, record):
    return 0
