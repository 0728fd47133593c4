"""Where compiled kernels are kept between runs, and when they are still good.

Numba's own on-disk cache looks at the file a kernel is written in. A kernel also contains, inlined,
every kernel it calls, so an edit in ``wire.py`` must refresh what ``risk.py`` cached. The locator
here stamps a kernel with the contents of its file *and of every file of ours that one imports*,
directly or not; the schemas, whose layouts kernels take as constants, count as imported by
``schemas/fbs.py``. Ours are Pitwire's packages and what lies beside an actor of somebody else's.
Importing :mod:`schemas` installs it.

Source: Numba's documented extension point ``NUMBA_CACHE_LOCATOR_CLASSES``.
"""

import ast
import functools
import hashlib
import os
import pathlib
from collections.abc import Iterator

from numba.core import caching, config

__all__ = ["ImportClosureLocator", "install"]

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ("actors", "schemas")


def install() -> None:
    """Make Numba use :class:`ImportClosureLocator` unless the environment chose a locator."""
    if not config.CACHE_LOCATOR_CLASSES:
        config.CACHE_LOCATOR_CLASSES = f"{__name__}.ImportClosureLocator"


def _module_file(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """The source of the module that is called ``name`` (may be empty) as seen from ``folder``."""
    base = folder.joinpath(*filter(None, name.split(".")))
    for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _import_root(path: pathlib.Path) -> pathlib.Path:
    """The folder that absolute imports of the file's own package start from."""
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _start(path: pathlib.Path, name: str) -> pathlib.Path | None:
    """The folder where the file at ``path`` finds the absolute ``name``; None if it is not ours."""
    top = name.split(".")[0]
    if top in PACKAGES:
        return ROOT
    root = _import_root(path)
    own = path.relative_to(root).parts[0]
    installed = not {"site-packages", "dist-packages"}.isdisjoint(root.parts)
    return None if installed and top != own else root


def _import_statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements anywhere under ``node``, but those that only type checkers follow."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node
    elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
        for child in ast.iter_child_nodes(node):
            yield from _import_statements(child)


@functools.lru_cache(maxsize=None)
def _direct_imports(path: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """Our source files that the file at ``path`` imports, and the schemas if it reads them."""
    names: set[tuple[pathlib.Path | None, str]] = set()
    for node in _import_statements(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update((_start(path, alias.name), alias.name) for alias in node.names)
        else:
            module = node.module or ""
            folder = path.parents[node.level - 1] if node.level else _start(path, module)
            names.add((folder, module))
            names.update((folder, f"{module}.{alias.name}") for alias in node.names)
    files = {_module_file(folder, name) for folder, name in names if folder is not None}
    if path == ROOT / "schemas" / "fbs.py":
        files.update(path.parent.glob("*.fbs"))
    return tuple(sorted(files - {None}))


@functools.lru_cache(maxsize=None)
def _stamp(path: pathlib.Path) -> bytes:
    """SHA-256 over ``path`` and all files of ours reachable from it by import."""
    seen: set[pathlib.Path] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(_direct_imports(current) if current.suffix == ".py" else ())
    digest = hashlib.sha256()
    for file in sorted(seen):
        digest.update(str(file).encode())
        digest.update(file.read_bytes())
    return digest.digest()


class ImportClosureLocator(caching._CacheLocator):
    """Keeps a kernel's machine code in ``__pycache__`` beside its source, or, where that folder
    cannot be written, in the user's cache folder (or in ``NUMBA_CACHE_DIR`` if that is set)."""

    def __init__(self, py_func, py_file: str):
        self._py_file = pathlib.Path(py_file).resolve()
        self._line = py_func.__code__.co_firstlineno
        subfolder = self.get_suitable_cache_subpath(py_file)
        if config.CACHE_DIR:
            self._path = os.path.join(config.CACHE_DIR, subfolder)
        elif os.access(self._py_file.parent, os.W_OK):
            self._path = str(self._py_file.parent / "__pycache__")
        else:
            home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
            self._path = os.path.join(home, "pitwire", subfolder)

    def get_cache_path(self) -> str:
        return self._path

    def get_source_stamp(self) -> bytes:
        return _stamp(self._py_file)

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func, py_file):
        if not os.path.exists(py_file):
            return None
        locator = cls(py_func, py_file)
        try:
            locator.ensure_cache_path()
        except OSError:
            return None
        return locator
