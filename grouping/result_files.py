"""A folder of results as the result that it was written from, or what somebody made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grouping.cases import Case, LevelCase
from grouping.clock import StoppedBy
from grouping.cost import Cost
from grouping.described import described, why_unplaced
from grouping.grouping_files import GroupingFile
from grouping.outcomes import CheckReport
from grouping.result import LevelResult, LinkOutcome, Result, Status, Unplaced, relative_gap
from grouping.runs import Given, unchanged

_SAME_KM = 0.001
"""The summary has costs to the metre."""


def result_of(
    case: Case, grouping: GroupingFile, check: CheckReport, version: str, proofs: Mapping[str, Any] | None = None
) -> Result:
    """A grouping of a file as a result.

    The bound is that of the run where it says something about this grouping: of one with as many sites left out. Lead
    and vice-lead units are those of the file, or, where it names none, those that the costs suggest.

    Args:
        case: what the run was given, with this grouping.
        grouping: the file of it.
        check: its audit.
        version: of the program that ran.
        proofs: what is known of the same inputs, see :func:`read_proofs`.

    """
    levels = tuple(_level(level, grouping, (proofs or {}).get(level.level.value, {})) for level in case.levels)
    home = {site: label for label, members in grouping.communities.items() for site in members}
    return Result(
        applications=case.applications,
        scenario=case.scenario,
        levels=levels,
        links=tuple(LinkOutcome.of(link, home) for link in case.links.links),
        unhonourable=case.links.unhonourable,
        regions={
            site.id: region
            for level in case.levels
            for site, region in zip(level.problem.sites, level.regions, strict=True)
            if region is not None
        },
        seconds=sum(level.seconds for level in levels),
        version=version,
        audit=check,
        distance_file=case.distances.file if case.distances else "",
        distances=case.distances,
    )


def read_proofs(folder: Path, given: Given) -> Mapping[str, Any]:
    """What the summary of the run in a folder says of each level.

    Nothing where there is none that can be read, or where an input is no longer what the run was ``given``.
    """
    if not unchanged(given):
        return {}
    try:
        found = json.loads((folder / "summary.json").read_text("utf-8"))["by_level"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _level(case: LevelCase, grouping: GroupingFile, proof: Mapping[str, Any]) -> LevelResult:
    leads, vice_leads = bool(grouping.leads), bool(grouping.vice_leads)

    def led(label: str, members: tuple[int, ...]) -> tuple[int | None, list[int]]:
        lead = case.leads.get(label) if leads else case.problem.terms.lead(members)
        vices = [case.number[one] for one in grouping.vice_leads.get(label, ())]
        if not vice_leads:
            vices = [site for site in case.problem.terms.vice_leads(members) if site != lead]
        return lead, vices

    communities = tuple(
        described(case.problem, case.regions, np.array(members), label, led(label, members))
        for label, members in case.communities.items()
    )
    alone = [site for site in range(len(case.problem.sites)) if site not in case.home]
    cost = sum((one.cost for one in communities), start=Cost())
    cost = sum((case.problem.terms.unplaced_cost(site) for site in alone), start=cost)
    status, bound = _proved(cost.total_km, len(alone), proof)
    return LevelResult(
        level=case.level,
        status=status,
        communities=communities,
        unplaced=tuple(
            Unplaced(case.site(site), why_unplaced(case.problem, site, len(alone), proved=False)) for site in alone
        ),
        cost=cost,
        bound_km=bound,
        gap=relative_gap(cost.total_km, bound),
        seconds=float(proof.get("seconds") or 0.0),
        stopped_by=StoppedBy(proof.get("stopped_by", StoppedBy.PROOF)),
    )


def _proved(cost: float, unplaced: int, proof: Mapping[str, Any]) -> tuple[Status, float]:
    """What the summary of the run proves of a grouping of that cost, with so many sites left out."""
    bound = proof.get("bound_km")
    if proof.get("status") == Status.NOTHING_TO_GROUP:
        return Status.NOTHING_TO_GROUP, cost
    if bound is None or not math.isfinite(bound) or proof.get("sites_unplaced") != unplaced:
        return Status.FEASIBLE, 0.0
    best = proof.get("status") == Status.OPTIMAL and cost <= (proof.get("cost_km") or 0.0) + _SAME_KM
    return (Status.OPTIMAL if best else Status.FEASIBLE), cost if best else min(bound, cost)
