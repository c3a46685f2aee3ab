"""The labs: one folder each, with what that lab alone needs. Found by name; nothing is registered by hand."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memlab.experiments import Study


def folders() -> dict[str, str]:
    """Number (such as ``"05"``) to package name of every lab."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("lab"))
    return {name[3:5]: f"{__name__}.{name}" for name in found}


def modules(package: str) -> list[ModuleType]:
    """The modules of one lab's ``package`` that may hold a study, loaded: all but its exercises."""
    inside = pkgutil.iter_modules(import_module(package).__path__)
    return [import_module(f"{package}.{module.name}") for module in inside if module.name != "exercises"]


def studies() -> dict[str, "Study"]:
    """Name to study, of all labs: every `Study` that stands at the top level of a lab's module."""
    from memlab.experiments import Study

    found = [value for package in folders().values() for module in modules(package) for value in vars(module).values()]
    return {value.name: value for value in found if isinstance(value, Study)}
