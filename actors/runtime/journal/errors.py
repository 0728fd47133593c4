"""What goes wrong with journals, in words for people."""

from __future__ import annotations

__all__ = ["JournalError"]


class JournalError(RuntimeError):
    """A journal cannot be opened, continued or checkpointed. The message names the file, the place
    in it, and what to do."""
