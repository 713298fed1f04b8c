"""Drafts communities of 区域终身学习发展共同体 from a list of approved sites, with a proof of how good it is.

In a few lines::

    import grouping as g

    sites = g.read_applications("list.xlsx")
    result = g.solve(sites, "region-first")
    result.members_frame()

Each name loads its module when it is first used: loading them all takes a second, which the command line can't wait
for.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grouping.applications import read_applications
    from grouping.check import CheckReport, check
    from grouping.clock import StoppedBy
    from grouping.distances import Distances, read_distances
    from grouping.errors import AuditError, InputError, Problem, Where
    from grouping.levels import Level
    from grouping.link_files import applicable_links, read_links
    from grouping.links import Kind, Link, Links
    from grouping.outputs import write_outputs
    from grouping.resolve import Resolution, resolve
    from grouping.result import Community, LevelResult, Result, Status
    from grouping.scenario import Scenario
    from grouping.scenario_files import list_scenarios, load_scenario
    from grouping.sites import Applications, Site
    from grouping.solve import Progress, solve

_MODULES = {
    "applications": ("read_applications",),
    "check": ("CheckReport", "check"),
    "clock": ("StoppedBy",),
    "distances": ("Distances", "read_distances"),
    "errors": ("AuditError", "InputError", "Problem", "Where"),
    "levels": ("Level",),
    "link_files": ("applicable_links", "read_links"),
    "links": ("Kind", "Link", "Links"),
    "outputs": ("write_outputs",),
    "resolve": ("Resolution", "resolve"),
    "result": ("Community", "LevelResult", "Result", "Status"),
    "scenario": ("Scenario",),
    "scenario_files": ("list_scenarios", "load_scenario"),
    "sites": ("Applications", "Site"),
    "solve": ("Progress", "solve"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Applications",
    "AuditError",
    "CheckReport",
    "Community",
    "Distances",
    "InputError",
    "Kind",
    "Level",
    "LevelResult",
    "Link",
    "Links",
    "Problem",
    "Progress",
    "Resolution",
    "Result",
    "Scenario",
    "Site",
    "Status",
    "StoppedBy",
    "Where",
    "applicable_links",
    "check",
    "list_scenarios",
    "load_scenario",
    "read_applications",
    "read_distances",
    "read_links",
    "resolve",
    "solve",
    "write_outputs",
]


class _Package(ModuleType):
    """The package, whose names are looked up when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        value = getattr(import_module(f"{self.__name__}.{_HOMES[name]}"), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # `solve`, `check` and `resolve` are modules too, which the import system sets here once they are loaded.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
