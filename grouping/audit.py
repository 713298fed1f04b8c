"""The last step of every solve: the grouping that was found must pass :func:`grouping.check.check` to be given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from grouping.check import CheckReport, check
from grouping.cost import Cost
from grouping.distances import Distances
from grouping.errors import AuditError
from grouping.links import Links
from grouping.messages import Message, message
from grouping.result import Community, LevelResult
from grouping.scenario import Scenario
from grouping.sites import Applications
from grouping.verdicts import findings, rule_name

_TOLERANCE = 1e-6
"""How far two sums of the same costs may lie apart, as a fraction and in km."""


def audited(
    levels: Sequence[LevelResult],
    applications: Applications,
    scenario: Scenario,
    links: Links,
    distances: Distances | None,
) -> CheckReport:
    """The audit of a grouping that was found.

    Args:
        levels: what was found.
        applications: the application list.
        scenario: the choices it was found under.
        links: the priced links that bore on it.
        distances: the matrix given; None for great circles.

    Raises:
        AuditError: a hard rule is broken, or the audit comes to another cost.

    """
    communities = [community for level in levels for community in level.communities]
    report = check(
        {one.label: [site.id for site in one.members] for one in communities},
        applications,
        scenario,
        links,
        distances,
        leads={one.label: one.lead.id for one in communities if one.lead is not None},
        vice_leads={one.label: [site.id for site in one.vice_leads] for one in communities},
        unplaced=[item.site.id for level in levels for item in level.unplaced],
    )
    cost = sum((level.cost for level in levels), start=Cost())
    if wrong := [*_same_labels(communities), *_broken(report), *_other_cost(cost, report.cost)]:
        raise AuditError(wrong)
    return report


def _same_labels(communities: Iterable[Community]) -> Iterable[Message]:
    # The audit knows communities by their labels, and would see only one of these.
    labels = Counter(community.label for community in communities)
    if repeated := [label for label, count in labels.items() if count > 1]:
        yield message("check.audit_labels", labels=repeated)


def _broken(report: CheckReport) -> Iterable[Message]:
    for rule in report.rules:
        if rule.hard and not rule.passed:
            yield message("check.audit_rule", rule=rule_name(rule), findings=findings(rule))


def _other_cost(found: Cost, audited: Cost) -> Iterable[Message]:
    # The parts may differ: of two hosts that cost the same, one may lie across a border.
    if not math.isclose(found.total_km, audited.total_km, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
        yield message("check.audit_cost", found=f"{found.total_km:,.6f}", audited=f"{audited.total_km:,.6f}")
