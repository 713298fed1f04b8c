"""Drafts communities of 区域终身学习发展共同体 from a list of approved sites, with a proof of how good it is.

In a few lines::

    import grouping as g

    sites = g.read_applications("list.xlsx")
    result = g.solve(sites, "region-first")
    result.members_frame()

"""

from grouping.applications import read_applications
from grouping.check import CheckReport, check
from grouping.clock import StoppedBy
from grouping.distances import Distances, read_distances
from grouping.errors import InputError, Problem, Where
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

__all__ = [
    "Applications",
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
