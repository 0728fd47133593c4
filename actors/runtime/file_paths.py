"""Files that an actor's config names: a field annotated :data:`ExistingFile`.

A relative path counts from the folder of the topology file, or of one that it extends, whichever
has the file first; where there is no topology (``python -m actors.exchange``), from the current
folder. Once validated the path is absolute, so the plan means the same wherever it is read.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Annotated, Any

import pydantic

__all__ = ["ExistingFile", "folders_context"]

_FOLDERS = "folders"


def folders_context(folders: Sequence[str]) -> dict[str, Any]:
    """What to validate a config with (pydantic's ``context``), so that paths count from these."""
    return {_FOLDERS: tuple(folders)}


def _find(said: str, info: pydantic.ValidationInfo) -> str:
    if pathlib.Path(said).is_absolute():
        folders, counts_from = ("",), ""
    elif info.context and info.context.get(_FOLDERS):
        folders, counts_from = info.context[_FOLDERS], "the topology file's folder"
    else:
        folders, counts_from = (".",), "the current folder"
    for folder in folders:
        path = pathlib.Path(folder, said).resolve()
        if path.is_file():
            return str(path)
    if path.exists():
        raise ValueError(f"'{said}' is no file: {path} is a folder, or something else")
    where = f"; a relative path counts from {counts_from}, and there is no " if counts_from else ""
    tried = " nor ".join(str(pathlib.Path(folder, said).resolve()) for folder in folders)
    raise ValueError(f"no file '{said}'{where}{tried if counts_from else ''}")


#: The path of a file that is there, absolute once validated.
ExistingFile = Annotated[str, pydantic.AfterValidator(_find)]
