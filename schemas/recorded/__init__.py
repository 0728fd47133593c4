"""What recorded markets say: files of the past as one table of events, whatever their format.

``lobster`` reads LOBSTER's message and order book files, ``itch`` picks what concerns some symbols
out of ITCH 5.0 messages; both give :data:`EVENT` records, in the words of :class:`Action`.
"""

from schemas.recorded.errors import RecordingError
from schemas.recorded.events import EVENT, Action
from schemas.recorded.formats import Format, format_of

__all__ = ["Action", "EVENT", "Format", "RecordingError", "format_of"]
