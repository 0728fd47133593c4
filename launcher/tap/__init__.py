"""``pitwire tap``: the messages of a running deployment as JSON Lines."""

from launcher.tap.follow import Tap
from launcher.tap.ports import TappedPort, find_ports
from launcher.tap.selection import Selection

__all__ = ["Selection", "Tap", "TappedPort", "find_ports"]
