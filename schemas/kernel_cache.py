"""Where compiled kernels are kept between runs, and when they are still good.

Numba's own on-disk cache looks at the file a kernel is written in. A kernel also contains, inlined,
every kernel it calls, so an edit in ``wire.py`` must refresh what ``risk.py`` cached. The locator
here stamps a kernel with the contents of its file *and of every Pitwire file that one imports*,
directly or not. Importing :mod:`schemas` installs it.

Source: Numba's documented extension point ``NUMBA_CACHE_LOCATOR_CLASSES``.
"""

import ast
import functools
import hashlib
import os
import pathlib

from numba.core import caching, config

__all__ = ["ImportClosureLocator", "install"]

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ("actors", "schemas")


def install() -> None:
    """Make Numba use :class:`ImportClosureLocator` unless the environment chose a locator."""
    if not config.CACHE_LOCATOR_CLASSES:
        config.CACHE_LOCATOR_CLASSES = f"{__name__}.ImportClosureLocator"


def _module_file(name: str) -> pathlib.Path | None:
    base = ROOT.joinpath(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.lru_cache(maxsize=None)
def _direct_imports(path: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """The Pitwire source files that the file at ``path`` imports by absolute name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    ours = (n for n in names if n.split(".")[0] in PACKAGES)
    return tuple(sorted({f for f in map(_module_file, ours) if f is not None}))


@functools.lru_cache(maxsize=None)
def _stamp(path: pathlib.Path) -> bytes:
    """SHA-256 over ``path`` and all Pitwire files reachable from it by import."""
    seen: set[pathlib.Path] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(_direct_imports(current))
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
