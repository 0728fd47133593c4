"""Reads the struct and enum declarations of the ``.fbs`` files and derives NumPy dtypes from them.

Only what Pitwire's schemas use is understood: enums, and structs of scalars, enums, structs and
fixed arrays of those. FlatBuffers lays a struct out as C does (each field aligned to its own size),
which is what ``np.dtype(..., align=True)`` does. Source: the FlatBuffers internals page.
"""

from __future__ import annotations

import functools
import pathlib
import re

import numpy as np

__all__ = ["FOLDER", "SCALARS", "enum_values", "field_types", "file_identifier", "schema_files",
           "struct_dtype"]

FOLDER = pathlib.Path(__file__).resolve().parent

SCALARS = {
    "bool": "u1", "byte": "i1", "ubyte": "u1", "short": "i2", "ushort": "u2", "int": "i4",
    "uint": "u4", "long": "i8", "ulong": "u8", "float": "f4", "double": "f8",
}

_COMMENT = re.compile(r"//[^\n]*")
_STRUCT = re.compile(r"struct\s+(\w+)\s*\{([^}]*)\}")
_ENUM = re.compile(r"enum\s+(\w+)\s*:\s*(\w+)\s*(\(bit_flags\))?\s*\{([^}]*)\}")
_FIELD = re.compile(r"(\w+)\s*:\s*(?:\[(\w+):(\d+)\]|(\w+))\s*;")


def schema_files() -> list[pathlib.Path]:
    """All schema files, sorted by name."""
    return sorted(FOLDER.glob("*.fbs"))


@functools.cache
def _declarations() -> tuple[dict[str, str], dict[str, tuple[str, dict[str, int]]]]:
    structs: dict[str, str] = {}
    enums: dict[str, tuple[str, dict[str, int]]] = {}
    for path in schema_files():
        text = _COMMENT.sub("", path.read_text())
        structs.update(_STRUCT.findall(text))
        for name, base, bit_flags, body in _ENUM.findall(text):
            enums[name] = (base, _enum_body(body, bool(bit_flags)))
    return structs, enums


def _enum_body(body: str, bit_flags: bool) -> dict[str, int]:
    values: dict[str, int] = {}
    following = 0
    for item in filter(None, (part.strip() for part in body.split(","))):
        name, _, value = (piece.strip() for piece in item.partition("="))
        following = int(value) if value else following
        values[name] = 1 << following if bit_flags else following
        following += 1
    return values


def enum_values(name: str) -> dict[str, int]:
    """Names and values of the enum ``name``; for ``bit_flags`` enums the values are the bits."""
    return dict(_declarations()[1][name][1])


@functools.cache
def struct_dtype(name: str) -> np.dtype:
    """The aligned dtype of the struct ``name``. KeyError if no schema declares it."""
    structs, enums = _declarations()

    def resolve(word: str) -> np.dtype:
        if word in SCALARS:
            return np.dtype(SCALARS[word])
        return np.dtype(SCALARS[enums[word][0]]) if word in enums else struct_dtype(word)

    fields = []
    for field, element, length, word in _FIELD.findall(structs[name]):
        fields.append((field, resolve(element), (int(length),)) if element
                      else (field, resolve(word)))
    return np.dtype(fields, align=True)


def field_types(name: str) -> dict[str, str]:
    """The fields of the struct ``name``, each with its type's name (of an array: its elements').

    KeyError if no schema declares it.
    """
    return {field: element or word
            for field, element, _, word in _FIELD.findall(_declarations()[0][name])}


def file_identifier(file: str) -> str:
    """The four-letter identifier that ``file`` (without suffix) declares."""
    text = _COMMENT.sub("", (FOLDER / f"{file}.fbs").read_text())
    found = re.search(r'file_identifier\s+"(.{4})"', text)
    if found is None:
        raise ValueError(f"{file}.fbs declares no file_identifier")
    return found.group(1)
