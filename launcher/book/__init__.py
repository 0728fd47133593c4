"""``pitwire book``: a symbol's order book as the deployment's feed has it."""

from launcher.book.ladder import BookWatch, Ladder, Level
from launcher.book.view import ladder_view

__all__ = ["BookWatch", "Ladder", "Level", "ladder_view"]
