"""YAML values that remember where they were written, and how one file extends another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from launcher.problems import Path

__all__ = ["Mark", "Node", "find_mark", "merge", "plain"]


class Mark(NamedTuple):
    """A place in a file: the file as shown to the user, line and column counted from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value: ``dict[str, Node]``, ``list[Node]`` or a scalar, and where it was said.

    The mark of a value in a mapping is that of its key.
    """

    value: Any
    mark: Mark


def merge(base: Node, over: Node) -> Node:
    """``over`` laid on ``base``: mappings merge key by key, all else replaces, null removes a key.

    Keys keep the order of ``base``; new ones follow. A null that removes nothing stays a null.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        if key not in merged:
            merged[key] = node
        elif node.value is None:
            del merged[key]
        else:
            merged[key] = merge(merged[key], node)
    return Node(merged, over.mark)


def plain(node: Node) -> Any:
    """The value without its marks: dicts, lists and scalars, all new."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def find_mark(root: Node, path: Path) -> Mark:
    """Where the value at ``path`` was written, or the nearest thing around it that was."""
    node = root
    for part in path:
        if isinstance(node.value, dict) and part in node.value:
            node = node.value[part]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            break
    return node.mark
