"""A topology file, and those it extends, as one tree of values with their places.

The YAML read here is that of YAML 1.2's core schema: ``true`` and ``false`` are the only booleans,
so that ``restart: no`` and the ticker ``ON`` are words. Tags are refused, duplicate keys are
errors. Everything wrong is reported as a :class:`Problem`; nothing else is raised.
"""

from __future__ import annotations

import os
import pathlib
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from launcher.problems import Path, Problem, dotted
from launcher.topology.tree import Mark, Node, merge

__all__ = ["CoreDumper", "Document", "load", "parse_text", "shown"]

MAX_VALUES = 100_000
"""Bound on the values of one file: an alias of aliases could name billions."""

MAX_BYTES = 1_000_000

_TAG = "tag:yaml.org,2002:"


class CoreLoader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema, and merge keys."""

    yaml_implicit_resolvers: dict = {}


class CoreDumper(yaml.SafeDumper):
    """SafeDumper that quotes every text which YAML 1.1 or 1.2 would read as something else."""


def _resolve(kind: str, pattern: str, first: list[str]) -> None:
    for reader_or_writer in (CoreLoader, CoreDumper):
        reader_or_writer.add_implicit_resolver(_TAG + kind, re.compile(rf"^(?:{pattern})$"), first)


_resolve("bool", "true|True|TRUE|false|False|FALSE", list("tTfF"))
_resolve("null", "~|null|Null|NULL|", ["~", "n", "N", ""])
_resolve("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789"))
_resolve("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
                  r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.0123456789"))
_resolve("merge", "<<", ["<"])


def shown(path: pathlib.Path) -> str:
    """``path`` as people like to read it: relative to the current folder when it lies below."""
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):
        return str(path)
    return str(path) if relative.startswith("..") else relative


@dataclass
class Document:
    """A topology as written: its tree, the files it came from, and what is wrong with them.

    ``root`` has all extended files merged in and no key ``extends``; it is None when a file cannot
    be read or parsed. ``files`` are resolved, the extending one first.
    """

    root: Node | None = None
    files: list[pathlib.Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def load(path: str | os.PathLike[str]) -> Document:
    """The topology at ``path`` and what it extends."""
    document = Document()
    document.root = _load_chain(pathlib.Path(path), document)
    return document


def _load_chain(path: pathlib.Path, document: Document) -> Node | None:
    problems, chain = document.problems, document.files
    node = _read(path, problems)
    if node is None:
        return None
    here = path.resolve()
    chain.append(here)
    base_name = node.value.pop("extends", None)
    if base_name is None or base_name.value is None:
        return node
    mark = base_name.mark

    def bad(message: str, hint: str = "") -> None:
        problems.append(Problem(mark.file, mark.line, "extends", message, hint))

    if not isinstance(base_name.value, str):
        bad("must be the path of another topology file, relative to this one")
        return None
    try:
        base = (here.parent / base_name.value).resolve()
        found = base.is_file()
    except (OSError, ValueError, RuntimeError):
        found = False
    if not found:
        bad(f"no file '{base_name.value}'", "the path is relative to the file that says it")
        return None
    if base in chain:
        loop = [*chain[chain.index(base):], base]
        bad("a file cannot extend itself: " + " → ".join(map(shown, loop)))
        return None
    lower = _load_chain(base, document)
    return None if lower is None else merge(lower, node)


def _read(path: pathlib.Path, problems: list[Problem]) -> Node | None:
    """The mapping in one file, or None and a problem."""
    file = shown(path)

    def bad(message: str, hint: str = "", line: int = 0) -> None:
        problems.append(Problem(file, line, "", message, hint))

    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        bad("no such file", "name a topology with -f FILE, or run pitwire where topology.yaml is")
        return None
    except (OSError, ValueError) as error:
        bad(f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return None
    if len(data) > MAX_BYTES:
        bad(f"is larger than {MAX_BYTES} bytes; this is not a topology")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        bad(f"is not UTF-8 text: byte 0x{data[error.start]:02x}", line=line)
        return None
    return parse_text(text, file, problems)


def parse_text(text: str, file: str, problems: list[Problem]) -> Node | None:
    """The mapping that ``text`` holds, or None with the reason added to ``problems``."""

    def bad(message: str, hint: str = "", line: int = 0) -> None:
        problems.append(Problem(file, line, "", message, hint))

    try:
        root = yaml.compose(text, Loader=CoreLoader)
        if root is None:
            bad("the file is empty", "start from the topology.yaml that comes with pitwire")
            return None
        builder = _Builder(file)
        node = builder.build(root, Mark(file, root.start_mark.line + 1, 1))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message, hint = _syntax(error, text)
        bad(message, hint, mark.line + 1 if mark else 0)
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        bad(f"character U+{ord(text[error.position]):04X} is not allowed in YAML", line=line)
        return None
    except (RecursionError, _TooMuch):
        bad("is nested too deeply, or holds too many values, to be a topology")
        return None
    if not isinstance(node.value, dict):
        bad(f"a topology is a mapping of keys, not {_kind(node.value)}",
            "it starts with `version: 1`", node.mark.line)
        return None
    problems.extend(builder.problems)
    return node


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """A YAML syntax error in a sentence, and what to do about the common ones."""
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    message = "YAML: " + " ".join(p for p in (error.problem, error.context) if p)
    if "\t" in line[:mark.column + 1 if mark else 0]:
        return "YAML: a tab where spaces belong", "indent with spaces"
    if error.problem and "mapping values are not allowed" in error.problem:
        return message, "look for a wrong indent, or put a text that holds ': ' in quotes"
    if error.problem and "single document" in (error.context or ""):
        return "YAML: a second document starts here", "a topology file is one document"
    return message, ""


def _kind(value: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false",
             type(None): "nothing"}
    return kinds.get(type(value), "a number")


class _TooMuch(Exception):
    """More values than a topology can hold."""


class _Builder:
    """Turns PyYAML's nodes into ours, collecting what is wrong on the way."""

    def __init__(self, file: str):
        self.file = file
        self.problems: list[Problem] = []
        self._count = 0

    def build(self, node: yaml.Node, mark: Mark | None = None, path: Path = ()) -> Node:
        self._count += 1
        if self._count > MAX_VALUES:
            raise _TooMuch
        mark = mark or self._mark(node)
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, path), mark)
        if isinstance(node, yaml.SequenceNode):
            self._expect_tag(node, path, "seq")
            items = enumerate(node.value)
            return Node([self.build(item, None, (*path, i)) for i, item in items], mark)
        return Node(self._scalar(node, path), mark)

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _bad(self, node: yaml.Node, path: Path, message: str, hint: str = "") -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(self.file, line, dotted(path), message, hint))

    def _expect_tag(self, node: yaml.Node, path: Path, *kinds: str) -> bool:
        if node.tag in {_TAG + kind for kind in kinds}:
            return True
        tag = node.tag.replace(_TAG, "!!")
        self._bad(node, path, f"the YAML tag {tag} is not used in topologies", "remove it")
        return False

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Node]:
        self._expect_tag(node, path, "map")
        said: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                for part in self._merged(value_node, path):
                    merged = {**part, **merged}
                continue
            key = self._key(key_node, path)
            value = self.build(value_node, self._mark(key_node), (*path, key))
            if key in said:
                self._bad(key_node, (*path, key), "is said twice",
                          f"the first is in line {said[key].mark.line}")
            else:
                said[key] = value
        return {**merged, **said}

    def _merged(self, node: yaml.Node, path: Path) -> list[dict[str, Node]]:
        """The mappings that a merge key ``<<`` names."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not all(isinstance(part, yaml.MappingNode) for part in parts):
            self._bad(node, (*path, "<<"), "takes a mapping or a list of mappings")
            return []
        return [self.build(part, None, path).value for part in parts]

    def _key(self, node: yaml.Node, path: Path) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._bad(node, path, "a key must be a text, not a list or mapping")
            return "?"
        if node.tag != _TAG + "str":
            self._bad(node, path, f"the key {node.value or 'null'} is not a text",
                      f'write "{node.value}": in quotes')
        return node.value

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text = node.value
        if not self._expect_tag(node, path, *_SCALARS):
            return text
        try:
            return _SCALARS[node.tag.removeprefix(_TAG)](text)
        except (ValueError, KeyError, OverflowError):
            self._bad(node, path, f"'{text[:40]}' cannot be read as a number, true or false")
            return text


def _int(text: str) -> int:
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS = {
    "str": str, "null": lambda text: None, "int": _int, "float": _float,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
}
