"""``summary.json``: a grouping in figures, for programs. It names no sites, no persons and no folders."""

from __future__ import annotations

import json
import math
from typing import Any

from grouping.check import CheckReport
from grouping.result import LevelResult, Result


def summary(result: Result, check: CheckReport) -> dict[str, Any]:
    """The summary as plain data. Costs are km; ``gap`` is a fraction of the cost; what is infinite is null."""
    return {
        **_figures(result),
        "communities": len(result.communities),
        "sites_placed": sum(len(community.members) for community in result.communities),
        "sites_unplaced": len(result.unplaced),
        "by_level": {level.level.value: _level(level) for level in result.levels},
        "time_limited": result.time_limited,
        "check": {
            "passed": check.passed,
            "broken": [rule.rule for rule in check.rules if rule.hard and not rule.passed],
        },
        "seed": result.scenario.seed,
        "scenario": result.scenario.name,
        "version": result.version,
        "input_sha256": result.applications.sha256,
    }


def summary_json(result: Result, check: CheckReport) -> str:
    """The summary as the text of its file."""
    return json.dumps(summary(result, check), ensure_ascii=False, indent=2) + "\n"


def _level(level: LevelResult) -> dict[str, Any]:
    return {
        **_figures(level),
        "communities": len(level.communities),
        "sites_placed": sum(len(community.members) for community in level.communities),
        "sites_unplaced": len(level.unplaced),
    }


def _figures(part: Result | LevelResult) -> dict[str, Any]:
    return {
        "status": part.status.value,
        "cost_km": _rounded(part.cost.total_km),
        "bound_km": _rounded(part.bound_km),
        "gap": None if math.isinf(part.gap) else round(part.gap, 6),
        "cost_breakdown": {name: _rounded(km) for name, km in part.cost.parts().items()},
        "seconds": round(part.seconds, 3),
        "stopped_by": part.stopped_by.value,
    }


def _rounded(km: float) -> float | None:
    """To the metre; JSON knows no infinity."""
    return round(km, 3) if math.isfinite(km) else None
