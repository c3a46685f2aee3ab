"""A hash of what a computation is made of, so that kept rows are found by what made them and by nothing else."""

import dataclasses
import functools
import hashlib
import types
from pathlib import Path
from typing import Any


def fingerprint(thing: Any) -> str:
    """Hash of a value, a learner or a rule: code, defaults, closed-over and global values, fields of dataclasses."""
    return hashlib.sha256(repr(_parts(thing, frozenset())).encode()).hexdigest()[:16]


@functools.cache
def package_fingerprint() -> str:
    """Hash of memlab's own code: rows that other code made are made again."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _parts(thing: Any, seen: frozenset[int]) -> Any:
    if not isinstance(thing, dict | list | tuple | set | frozenset):
        if id(thing) in seen:
            return "again"
        seen = seen | {id(thing)}
    if isinstance(thing, functools.partial):
        return ["partial", *(_parts(part, seen) for part in (thing.func, thing.args, thing.keywords))]
    if isinstance(thing, types.MethodType):
        return ["method", _parts(thing.__func__, seen), _parts(thing.__self__, seen)]
    if isinstance(thing, types.FunctionType):
        if thing.__module__.partition(".")[0] == "memlab" and "<locals>" not in thing.__qualname__:
            return [thing.__module__, thing.__qualname__]  # its code is in `package_fingerprint`
        held = [cell.cell_contents for cell in thing.__closure__ or ()]
        used = {name: thing.__globals__[name] for name in thing.__code__.co_names if name in thing.__globals__}
        return [_code(thing.__code__), _parts([held, thing.__defaults__, thing.__kwdefaults__, used], seen)]
    if isinstance(thing, type | types.ModuleType):
        name = getattr(thing, "__module__", "") + "." + getattr(thing, "__qualname__", thing.__name__)
        own = {k: v for k, v in vars(thing).items() if isinstance(v, types.FunctionType)}
        foreign = isinstance(thing, type) and not name.startswith("memlab.")
        return [name, _parts(own, seen)] if foreign and thing.__module__ != "builtins" else name
    if dataclasses.is_dataclass(thing):
        fields = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing) if field.compare}
        return [_parts(type(thing), seen), _parts(fields, seen)]
    if isinstance(thing, dict):
        return {str(key): _parts(value, seen) for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [
            _parts(value, seen) for value in (sorted(thing, key=repr) if isinstance(thing, set | frozenset) else thing)
        ]
    if hasattr(thing, "tobytes"):
        return [str(getattr(thing, "dtype", "")), str(getattr(thing, "shape", "")), thing.tobytes()]
    if isinstance(thing, str | bytes | int | float | bool | type(None)):
        return thing
    return [_parts(type(thing), seen), _parts(getattr(thing, "__dict__", {}), seen)]


def _code(code: types.CodeType) -> Any:
    inner = [_code(const) if isinstance(const, types.CodeType) else repr(const) for const in code.co_consts]
    return [code.co_code.hex(), inner, code.co_names]
