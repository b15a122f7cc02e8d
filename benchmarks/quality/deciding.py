"""All that decides a score, as one number: the functions that give it, and what they reach by name."""

import ast
import functools
import hashlib
import importlib.util
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import elman

FOLDER = Path(elman.__file__).parent
NOT_DECIDING = ("cli", "reports")  # of elman: what is only shown
PLAIN = (int, float, str, bool, type(None))

Found = dict[tuple[str, str], str]


def decided_by(*functions: Callable[..., Any]) -> str:
    """SHA-256 of functions and of the definitions that they reach, in this folder and in elman.

    Comments, docstrings and how a file is laid out do not count, nor does what is beside the functions in their file.
    A function may be one of a file of this folder, made by another that is, or a partial one of these.

    Raises:
        ValueError: it is something else, so nobody knows what it does.
    """
    found: Found = {}
    values = [value for function in functions for value in _entered(function, found)]
    told = "\n".join([*values, *(f"{place} {text}" for place, text in sorted(found.items()))])
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _entered(value: Any, found: Found) -> Iterator[str]:
    """Follow what is called or was given to it; yields what is not found in a file: the values given."""
    if isinstance(value, functools.partial):
        given = (value.func, *value.args, *(each for pair in sorted(value.keywords.items()) for each in pair))
        for each in given:
            yield from _entered(each, found)
    elif isinstance(value, types.FunctionType | type) and value.__module__.partition(".")[0] in ("quality", "elman"):
        yield value.__qualname__
        name = value.__qualname__.partition(".")[0]
        names = _statements(_file(value.__module__)) if name == "<lambda>" else (name,)
        for each in names:
            _reach(found, value.__module__, each)
        for cell in getattr(value, "__closure__", None) or ():
            yield from _entered(cell.cell_contents, found)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _entered(each, found)
    elif isinstance(value, PLAIN):
        yield repr(value)
    else:
        raise ValueError(
            f"{value!r} decides a score, but nobody can see how: expected functions of benchmarks/quality, "
            "given numbers, texts and such functions only"
        )


def _reach(found: Found, module: str, name: str) -> None:
    """Add a definition of a module, and all that it reaches by name."""
    if (module, name) in found:
        return
    if module.partition(".")[0] == "elman":
        found |= {("elman", str(path.relative_to(FOLDER))): _digest(path) for path in _files_of_elman(module, name)}
        return
    statement = _statements(_file(module)).get(name)
    if isinstance(statement, ast.ImportFrom):
        original = next(each.name for each in statement.names if name in (each.asname, each.name))
        if statement.module == "quality":
            for each in _statements(_file(f"quality.{original}")):
                _reach(found, f"quality.{original}", each)
        elif (statement.module or "").partition(".")[0] in ("quality", "elman"):
            _reach(found, statement.module or "", original)
    elif isinstance(statement, ast.Import):
        if any(each.name.partition(".")[0] == "elman" for each in statement.names):
            _reach(found, "elman", "")  # all of it
    elif statement is not None:
        found[module, name] = ast.dump(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                _reach(found, module, node.id)


@functools.cache
def _statements(path: Path) -> dict[str, ast.stmt]:
    """The statements of a file that say what a name is, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    found: dict[str, ast.stmt] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            found |= {(each.asname or each.name).partition(".")[0]: statement for each in statement.names}
        else:
            stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            found |= {node.id: statement for node in stored if isinstance(node.ctx, ast.Store)}
    return found


def _file(module: str) -> Path:
    specification = importlib.util.find_spec(module)
    if specification is None or specification.origin is None:
        raise ValueError(f"the module {module} has no file")
    return Path(specification.origin)


@functools.cache
def _files_of_elman(module: str, name: str) -> frozenset[Path]:
    """Files of elman that an import runs; those of the package's own names, which are lazy, are all of them."""
    if module == "elman" and not (name and (FOLDER / name / "__init__.py").is_file()):
        return frozenset(path for path in FOLDER.rglob("*.py") if path.relative_to(FOLDER).parts[0] not in NOT_DECIDING)
    found: set[Path] = set()
    waiting = [f"{module}.{name}"]
    while waiting:
        parts = waiting.pop().split(".")[1:]
        for length in range(1, len(parts) + 1):
            place = FOLDER.joinpath(*parts[:length])
            path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            if not path.is_file() or path in found:
                continue
            found.add(path)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "elman":
                    waiting += [f"{node.module}.{each.name}" for each in node.names]
    return frozenset(found)


@functools.cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
