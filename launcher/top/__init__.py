"""``pitwire top``: a live table of a running deployment, read from shared memory."""

from launcher.top.frame import Frame, Watch
from launcher.top.view import view

__all__ = ["Frame", "Watch", "view"]
