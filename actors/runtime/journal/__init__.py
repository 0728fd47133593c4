"""Append-only journals in memory-mapped files: what an actor recovers from.

A kernel writes (:mod:`.kernels`); the housekeeper opens, keeps segments ready, takes checkpoints
and syncs (:mod:`.journal`); readers in any process check and print (:mod:`.reading`).
"""

from actors.runtime.journal.checkpoints import Checkpoint, read_checkpoint
from actors.runtime.journal.errors import JournalError
from actors.runtime.journal.journal import Journal, JournalOptions
from actors.runtime.journal.kernels import (
    append_record, claim_record, commit_record, hash_bytes, is_durable, journal_at,
)
from actors.runtime.journal.layout import DURABILITIES, MAX_PAYLOAD
from actors.runtime.journal.reading import JournalRecord, Reading, read_journal, read_records

__all__ = [
    "Checkpoint", "DURABILITIES", "Journal", "JournalError", "JournalOptions", "JournalRecord",
    "MAX_PAYLOAD", "Reading", "append_record", "claim_record", "commit_record", "hash_bytes",
    "is_durable", "journal_at", "read_checkpoint", "read_journal", "read_records",
]
