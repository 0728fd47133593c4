"""The JSON Schema of topology files, generated from the model, for editors to complete and check.

It says what can be said of a file alone; what needs the whole deployment is for ``pitwire check``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from launcher.topology.classes import load_class
from launcher.topology.model import NAME, Topology

__all__ = ["BUILT_IN_CLASSES", "topology_schema"]

BUILT_IN_CLASSES = (
    "actors.exchange:Exchange", "actors.feed:FeedHandler", "actors.strategy:MeanReversion",
    "actors.risk:RiskManager", "actors.gateway:Gateway", "actors.monitor:Monitor",
)

_NULL = {"type": "null"}
_EXTENDS = {
    "type": "string",
    "description": "Another topology file, relative to this one. Mappings here are merged into its "
                   "own, anything else replaces, and null removes a key.",
}


def topology_schema(class_paths: Iterable[str] = BUILT_IN_CLASSES) -> dict[str, Any]:
    """The schema, with the config of each actor class in ``class_paths`` under that class.

    A file that extends another may leave out everything, and may remove what it names with null.
    """
    schema = Topology.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    schema["properties"] = {"extends": _EXTENDS, **schema["properties"]}
    _open_maps(schema)
    required = schema.pop("required")
    named = {"properties": {"actors": {"additionalProperties": {"required": ["class"]}}}}
    schema["if"], schema["else"] = {"required": ["extends"]}, {"required": required, **named}
    for definition in definitions.values():
        definition.pop("required", None)
    definitions["WireSpec"]["required"] = ["source"]
    definitions["ActorSpec"]["allOf"] = [_config_of(path, definitions) for path in class_paths]
    _tidy(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Pitwire topology", **schema}


def _open_maps(part: Any) -> None:
    """In mappings of named things, check the names, and let an entry be null, which removes it."""
    if isinstance(part, dict):
        for entries in part.pop("patternProperties", {}).values():
            part["additionalProperties"] = {"anyOf": [entries, _NULL]}
            part["propertyNames"] = {"pattern": f"^{NAME}$"}
        for value in part.values():
            _open_maps(value)
    elif isinstance(part, list):
        for value in part:
            _open_maps(value)


def _tidy(part: Any) -> None:
    """Drop what pydantic adds and editors would show: titles made of names, defaults of null."""
    if isinstance(part, dict):
        if isinstance(part.get("title"), str):
            del part["title"]
        if part.get("default", ...) is None:
            del part["default"]
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            _tidy(value)


def _let_go(part: Any, models: dict[str, Any]) -> None:
    """Require no key of a mapping that files merge into: one that extends says only what differs.
    Lists are not merged, so what stands in one stays as it is."""
    if isinstance(part, dict):
        part.pop("required", None)
        for key, value in part.items():
            if key == "$ref":
                _let_go(models.pop(value, None), models)
            elif key != "items":
                _let_go(value, models)
    elif isinstance(part, list):
        for value in part:
            _let_go(value, models)


def _config_of(class_path: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """"If the class is this one, the config is that": its models go into ``definitions``."""
    config = load_class(class_path).Config.model_json_schema(
        by_alias=True, ref_template=f"#/$defs/{class_path}.{{model}}")
    models = {f"#/$defs/{class_path}.{name}": definition
              for name, definition in config.pop("$defs", {}).items()}
    definitions |= {name.removeprefix("#/$defs/"): model for name, model in models.items()}
    _let_go(config, dict(models))
    definitions[class_path] = config
    return {
        "if": {"properties": {"class": {"const": class_path}}, "required": ["class"]},
        "then": {"properties": {"config": {"anyOf": [{"$ref": f"#/$defs/{class_path}"}, _NULL]}}},
    }
