"""What ``pitwire journal`` shows of journals."""

from launcher.journal.display import (
    checkpoint_lines, damage_text, found_journal, record_json, record_text,
)

__all__ = ["checkpoint_lines", "damage_text", "found_journal", "record_json", "record_text"]
