"""The actor classes that a topology names, imported; what went wrong, in one line."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Iterable

from actors.runtime.actor import Actor
from launcher.problems import did_you_mean

__all__ = ["ClassUnusable", "extend_import_path", "load_class"]


class ClassUnusable(Exception):
    """An actor class cannot be had. ``hint`` says what to do, if that is known."""

    def __init__(self, message: str, hint: str = ""):
        self.hint = hint
        super().__init__(message)


def extend_import_path(folders: Iterable[str]) -> None:
    """Let modules in ``folders`` be imported, after everything that is installed."""
    sys.path.extend(folder for folder in folders if folder not in sys.path)


def load_class(class_path: str) -> type[Actor]:
    """The class at ``package.module:Class``. :class:`ClassUnusable` if it is no usable actor."""
    module_name, _, class_name = class_path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise ClassUnusable(f"no module '{error.name}'", _near_module(error.name)) from None
        raise ClassUnusable(_import_failed(module_name, error)) from None
    except (Exception, SystemExit) as error:
        raise ClassUnusable(_import_failed(module_name, error)) from None
    found = getattr(module, class_name, None)
    if found is None:
        actors = [name for name, value in vars(module).items() if _is_actor(value)]
        raise ClassUnusable(f"no class '{class_name}' in {module_name}",
                            did_you_mean(class_name, actors))
    if not _is_actor(found):
        raise ClassUnusable(f"{class_path} is not an actor",
                            "an actor's class derives from actors.runtime.Actor")
    return found


def _is_actor(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Actor) and value is not Actor


def _import_failed(module_name: str, error: BaseException) -> str:
    last_line = traceback.format_exception_only(error)[-1].strip()
    return f"importing {module_name} failed: {last_line}"


def _near_module(name: str) -> str:
    """A hint with the modules that lie where ``name`` was looked for."""
    package_name, _, leaf = name.rpartition(".")
    if package_name:
        folders = getattr(sys.modules.get(package_name), "__path__", None)
    else:
        folders = None
    if folders is None and package_name:
        return ""
    siblings = [module.name for module in pkgutil.iter_modules(folders)]
    hint = did_you_mean(leaf, siblings)
    if hint.startswith("did") and package_name:
        return hint.replace("'", f"'{package_name}.", 1)
    return hint if hint.startswith("did") else ""
