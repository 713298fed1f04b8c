"""Whatever :func:`grouping.solve` gives has passed the audit; what has not is not given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

import grouping as g
from grouping.cost import Cost
from grouping.messages import LANGS
from grouping.result import LevelResult

SITES = tuple(
    g.Site(f"S{n}", f"学院{n}", g.Level.COUNTY, g.Where("名单.csv", row=n + 2), lon=110 + n / 3, lat=30 + n % 4)
    for n in range(11)
)
APPLICATIONS = g.Applications(SITES)
MUST = g.Link("S0", "S10", g.Kind.PAIRING, g.Where("联系.csv", row=2), must=True)


def spoilt(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[LevelResult], LevelResult]) -> None:
    """Let the search of every level end with a fault."""
    module = import_module("grouping.solve")
    found = module._level_result
    monkeypatch.setattr(module, "_level_result", lambda *args: spoil(found(*args)))


def with_another(level: LevelResult, community: g.Community) -> LevelResult:
    return replace(level, communities=(*level.communities, community))


def moved(level: LevelResult, count: int) -> LevelResult:
    """Let ``count`` members go from the first community to the second."""
    first, second, *rest = level.communities
    gone = first.members[-count:]
    communities = (
        replace(first, members=first.members[:-count]),
        replace(second, members=(*second.members, *gone)),
        *rest,
    )
    return replace(level, communities=communities)


def test_a_result_brings_its_audit() -> None:
    result = g.solve(APPLICATIONS, links=g.Links((MUST,)))
    assert result.audit.passed
    assert result.audit.cost.total_km == pytest.approx(result.cost.total_km)
    assert {one.label for one in result.audit.communities} == {one.label for one in result.communities}


def test_a_matrix_is_audited_by_the_matrix() -> None:
    km = np.random.default_rng(1).uniform(1e6, 2e6, (11, 11))
    km = (km + km.T) * (1 - np.eye(11))
    assert g.solve(APPLICATIONS, "hosted", distances=g.Distances(km)).audit.passed


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda level: moved(level, 4), "第12条"),
        (lambda level: replace(level, communities=level.communities[1:]), "不在任何共同体"),
        (lambda level: with_another(level, replace(level.communities[0], label="另一个")), "不止一次"),
        (lambda level: with_another(level, level.communities[0]), "不止一个共同体叫"),
        (lambda level: replace(level, cost=level.cost + Cost(links_km=1.0)), "核查得出的是"),
        (lambda level: moved(level, 1), "核查得出的是"),
    ],
    ids=["too few", "missing", "twice", "one label", "cost", "exchange"],
)
def test_a_faulty_grouping_is_not_given(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[LevelResult], LevelResult], says: str
) -> None:
    spoilt(monkeypatch, spoil)
    with pytest.raises(g.AuditError, match=says) as caught:
        g.solve(APPLICATIONS)
    assert not isinstance(caught.value, g.InputError)
    assert caught.value.findings
    assert all(caught.value.text(lang) for lang in LANGS)


def test_a_must_link_that_the_search_forgot_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("grouping.level_problems")
    build = module.build_problem
    monkeypatch.setattr(module, "build_problem", lambda a, b, c, d, _links, e: build(a, b, c, d, [], e))
    with pytest.raises(g.AuditError, match="必须同组"):
        g.solve(APPLICATIONS, links=g.Links((MUST,)))


def test_no_worker_is_an_input_error() -> None:
    with pytest.raises(g.InputError, match="线程数写的是 0"):
        g.solve(APPLICATIONS, workers=0)
