"""The one error of recorded files."""

__all__ = ["RecordingError"]


class RecordingError(ValueError):
    """A file is not the recording it was taken for. The text says where, and what to do."""
