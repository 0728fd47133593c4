"""What becomes of a command, whoever gives it: risk, or the gateway itself when switched off."""

import numpy as np

from actors.gateway.reports import refuse
from actors.gateway.requests import cancel, enter, replace
from actors.runtime import kernel
from schemas.enums import Command, RejectReason
from schemas.views import order_command

__all__ = ["take_command"]

_NEW, _CANCEL = int(Command.NEW), int(Command.CANCEL)
_REPLACE = int(Command.REPLACE)
_INVALID = int(RejectReason.INVALID)


@kernel
def take_command(ctx, message):
    """The command in the OrderCommand at ``message``: sent to the venue, or refused, before this
    returns."""
    command = order_command(message)
    if command.command == _NEW:
        enter(ctx, command)
    elif command.command == _CANCEL:
        cancel(ctx, command)
    elif command.command == _REPLACE:
        replace(ctx, command)
    else:
        refuse(ctx, command, np.int64(command.order_id), _INVALID)
