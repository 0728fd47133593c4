"""``config.journal`` of every actor that keeps a journal."""

from __future__ import annotations

from typing import Literal

import pydantic

from actors.runtime.actor import Config

__all__ = ["JournalConfig"]


class JournalConfig(Config):
    """What is written down of every input, to recover from.

    ``durability``: ``process`` survives a kill of the process; ``disk`` the machine's end as well,
    nothing being sent that is not on the disk; ``none`` writes nothing. A checkpoint is taken every
    ``checkpoint_every`` records, which bounds how long a recovery takes; segments, each of
    ``segment_mib``, that no checkpoint needs any more are deleted unless ``keep``. ``folder``: by
    default in the deployment's run directory, where it lasts for a run.
    """

    durability: Literal["none", "process", "disk"] = "process"
    segment_mib: int = pydantic.Field(16, ge=1, le=4_096)
    checkpoint_every: int = pydantic.Field(100_000, ge=1, le=1_000_000_000)
    folder: str = ""
    keep: bool = False
