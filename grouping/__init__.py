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
    from grouping.axes import Axis, read_axes
    from grouping.check import CheckReport, check
    from grouping.clock import StoppedBy
    from grouping.comparison import Comparison, compare
    from grouping.comparison_files import write_comparison
    from grouping.distances import Distances, read_distances
    from grouping.errors import AuditError, InputError, Problem, Where
    from grouping.fonts import find_font
    from grouping.level_problems import LevelProblem, level_problems
    from grouping.levels import Level
    from grouping.link_files import applicable_links, read_links
    from grouping.links import Kind, Link, Links
    from grouping.maps import MapOptions, draw_maps
    from grouping.outputs import write_outputs
    from grouping.resolve import Resolution, resolve
    from grouping.result import Community, LevelResult, Result, Status
    from grouping.rule_prices import with_prices
    from grouping.scenario import Scenario
    from grouping.scenario_files import list_scenarios, load_scenario
    from grouping.sites import Applications, Site
    from grouping.solve import Progress, solve
    from grouping.sweep import Point, Sweep, sweep
    from grouping.sweep_files import write_sweep

_MODULES = {
    "applications": ("read_applications",),
    "axes": ("Axis", "read_axes"),
    "check": ("CheckReport", "check"),
    "clock": ("StoppedBy",),
    "comparison": ("Comparison", "compare"),
    "comparison_files": ("write_comparison",),
    "distances": ("Distances", "read_distances"),
    "errors": ("AuditError", "InputError", "Problem", "Where"),
    "fonts": ("find_font",),
    "level_problems": ("LevelProblem", "level_problems"),
    "levels": ("Level",),
    "link_files": ("applicable_links", "read_links"),
    "links": ("Kind", "Link", "Links"),
    "maps": ("MapOptions", "draw_maps"),
    "outputs": ("write_outputs",),
    "resolve": ("Resolution", "resolve"),
    "result": ("Community", "LevelResult", "Result", "Status"),
    "rule_prices": ("with_prices",),
    "scenario": ("Scenario",),
    "scenario_files": ("list_scenarios", "load_scenario"),
    "sites": ("Applications", "Site"),
    "solve": ("Progress", "solve"),
    "sweep": ("Point", "Sweep", "sweep"),
    "sweep_files": ("write_sweep",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Applications",
    "AuditError",
    "Axis",
    "CheckReport",
    "Community",
    "Comparison",
    "Distances",
    "InputError",
    "Kind",
    "Level",
    "LevelProblem",
    "LevelResult",
    "Link",
    "Links",
    "MapOptions",
    "Point",
    "Problem",
    "Progress",
    "Resolution",
    "Result",
    "Scenario",
    "Site",
    "Status",
    "StoppedBy",
    "Sweep",
    "Where",
    "applicable_links",
    "check",
    "compare",
    "draw_maps",
    "find_font",
    "level_problems",
    "list_scenarios",
    "load_scenario",
    "read_applications",
    "read_axes",
    "read_distances",
    "read_links",
    "resolve",
    "solve",
    "sweep",
    "with_prices",
    "write_comparison",
    "write_outputs",
    "write_sweep",
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
