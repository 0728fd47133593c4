"""Values against pydantic models, with every mistake told in the topology's words and place.

pydantic finds all mistakes of form at once. To find the mistakes of meaning in the rest as well,
what is malformed is cut out and the remainder is returned as a model all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import pydantic

from actors.runtime.file_paths import folders_context
from launcher.topology.model import Topology
from launcher.problems import Path, did_you_mean, one_of

__all__ = ["Report", "explain", "validate_config", "validate_topology"]

Report = Callable[..., None]
"""``report(path, message, hint="")``: how a check tells of a mistake."""

_PLACEHOLDERS: dict[str, Any] = {"version": 1, "name": "unnamed", "symbols": ["NONE"], "actors": {}}


def validate_topology(data: dict[str, Any], report: Report) -> tuple[Topology, frozenset[Path]]:
    """What is well formed in ``data``, and the paths that were not and were cut out.

    ``data`` is changed. Every mistake is reported once; what is wrong only because something else
    was cut out is not.
    """
    cut: set[Path] = set()
    while True:
        try:
            return Topology.model_validate(data), frozenset(cut)
        except pydantic.ValidationError as error:
            _report_all(Topology, data, (), error,
                        lambda path, *said: _related_any(path, cut) or report(path, *said))
            fresh = {_data_path(data, item) for item in error.errors(include_url=False)}
            for path in fresh:
                _cut(data, path)
            cut |= fresh
            if not data.get("actors"):
                return _nothing(), frozenset(cut)


def _nothing() -> Topology:
    """A topology without actors, which only checks that go on after a mistake ever see."""
    return Topology.model_construct(**_PLACEHOLDERS)


def validate_config(model: type[pydantic.BaseModel], config: dict[str, Any], at: Path,
                    report: Report, folders: Sequence[str] = ()) -> pydantic.BaseModel | None:
    """``config`` as an instance of an actor's ``model``; None, and reports, if it is not one.

    ``folders``: what relative paths of files in it count from.
    """
    try:
        return model.model_validate(config, context=folders_context(folders))
    except pydantic.ValidationError as error:
        _report_all(model, config, at, error, report)
    except Exception as error:  # a validator of the actor's own may raise anything
        report(at, f"{type(error).__name__}: {error}")
    return None


def _report_all(model: type[pydantic.BaseModel], data: dict[str, Any], at: Path,
                error: pydantic.ValidationError, report: Report) -> None:
    """Report pydantic's errors, but no missing key that a misspelt one beside it explains."""
    items = [(_data_path(data, item), item) for item in error.errors(include_url=False)]
    told = [(path, item["type"], *explain(model, path, item)) for path, item in items]
    meant = {(path[:-1], hint) for path, kind, _, hint in told if kind == "extra_forbidden"}
    for path, kind, message, hint in told:
        misspelt = path and (path[:-1], f"did you mean '{path[-1]}'?") in meant
        if kind != "missing" or not misspelt:
            report(at + path, message, hint)


def _related_any(path: Path, others: set[Path]) -> bool:
    """Whether ``path`` lies around, at or inside one of ``others``."""
    return any(all(a == b for a, b in zip(path, other, strict=False)) for other in others)


def _data_path(data: Any, item: dict) -> Path:
    """pydantic's place of an error as a path in the data: without the names of union members."""
    path: list[str | int] = []
    last = len(item["loc"]) - 1
    for index, part in enumerate(item["loc"]):
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif index < last or item["type"] != "missing":
            continue
        path.append(part)
    return tuple(path)


def _cut(data: dict[str, Any], path: Path) -> None:
    """Remove the value at ``path``; if there is none, what should have held it."""
    holder: Any = data
    for part in path[:-1]:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return  # it went with an earlier cut
    if not path:
        data.clear()
        data.update(_PLACEHOLDERS)
    elif isinstance(holder, dict) and path[-1] in holder:
        del holder[path[-1]]
    elif isinstance(holder, list):
        del holder[:]
    elif len(path) > 1:
        _cut(data, path[:-1])
    if len(path) == 1 and path[0] in _PLACEHOLDERS:
        data[path[0]] = _PLACEHOLDERS[path[0]]


# ---- pydantic's errors in words ------------------------------------------------------------------

_WANTED = {
    "string_type": "a text", "int_type": "a whole number", "int_from_float": "a whole number",
    "int_parsing": "a whole number", "float_type": "a number", "float_parsing": "a number",
    "bool_type": "true or false", "bool_parsing": "true or false", "dict_type": "a mapping",
    "model_type": "a mapping", "model_attributes_type": "a mapping",
    "model_attributes_type": "a mapping", "list_type": "a list",
    "tuple_type": "a list", "set_type": "a list", "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": "more than {gt}", "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}", "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
}


def explain(model: type[pydantic.BaseModel], path: Path, item: dict) -> tuple[str, str]:
    """One of pydantic's errors, at ``path`` of data for ``model``, as (message, hint)."""
    kind, said, context = item["type"], item["input"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(str(path[-1]), _keys_of(model, path[:-1]))
    if kind == "missing":
        return "is missing", ""
    if kind in ("literal_error", "enum"):
        words = _words(context.get("expected", ""))
        return f"must be {one_of(words)}, not {_quote(said)}", _near(said, words)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        words, key = _words(context.get("expected_tags", "")), context["discriminator"].strip("'")
        if kind == "union_tag_not_found":
            return f"needs {key}: {one_of(words)}" if words else f"needs {key}", ""
        return f"{key} must be {one_of(words)}, not {_quote(context['tag'])}", _near(
            context["tag"], words)
    if kind in _WANTED:
        if said is None:
            return f"is empty; must be {_WANTED[kind]}", ""
        return f"must be {_WANTED[kind]}, not {_quote(said)}", _quotes_hint(kind, said)
    if kind in _BOUNDS:
        bounds = {k: int(v) if isinstance(v, float) and v.is_integer() else v
                  for k, v in context.items()}
        return f"must be {_BOUNDS[kind].format(**bounds)}, not {_quote(said)}", ""
    if kind == "too_short":
        return f"needs {context.get('min_length', 1)} or more", ""
    if kind == "too_long":
        return f"has more than {context.get('max_length')}", ""
    if kind == "value_error":
        return str(context.get("error", item["msg"])), ""
    message = item["msg"]
    return message[:1].lower() + message[1:], ""


def _words(expected: str) -> list[str]:
    """pydantic's ``"'a', 'b' or 'c'"`` as a list."""
    return [w.strip(" '") for w in expected.replace(" or ", ", ").split(",") if w.strip()]


def _near(said: Any, words: list[str]) -> str:
    hint = did_you_mean(said, words) if isinstance(said, str) else ""
    return hint if hint.startswith("did") else ""


def _quotes_hint(kind: str, said: Any) -> str:
    if kind == "string_type" and isinstance(said, (bool, int, float)):
        return f'for the text write "{said}" in quotes'
    return ""


def _quote(said: Any) -> str:
    """A value as people wrote it, short."""
    if isinstance(said, dict):
        return "a mapping"
    if isinstance(said, (list, tuple)):
        return "a list"
    if said is None or isinstance(said, bool):
        return {None: "nothing", True: "true", False: "false"}[said]
    return f"'{said[:60]}'" if isinstance(said, str) else str(said)[:60]


def _keys_of(model: type[pydantic.BaseModel], path: Path) -> list[str]:
    """The keys that the models found at ``path`` below ``model`` know."""
    found: list[Any] = [model]
    for part in path:
        step: list[Any] = []
        for annotation in found:
            if _is_model(annotation):
                step += [info.annotation for name, info in annotation.model_fields.items()
                         if (info.alias or name) == part]
            else:
                step += get_args(annotation)[-1:]
        found = [member for annotation in step for member in _members(annotation, part)]
    return [info.alias or name for m in found if _is_model(m)
            for name, info in m.model_fields.items()]


def _members(annotation: Any, part: str | int) -> list[Any]:
    """The models and containers that an annotation may be, without Annotated, Union and None."""
    if _is_model(annotation):
        return [annotation]
    origin = getattr(annotation, "__origin__", None)
    if origin in (dict, list, tuple, set):
        return [annotation]
    members = [m for a in get_args(annotation) for m in _members(a, part)]
    return list(dict.fromkeys(members))


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel)
