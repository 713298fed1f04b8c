"""Alternatives against brute force, and the command as a user meets it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_why import LIST, solved

from grouping.alternatives import alternatives, cores
from grouping.cli import main

from instances import instances
from oracle import Instance, crosses, grouping_cost


def partitions(sites: Sequence[int], low: int, high: int, left_out: int) -> Iterator[list[list[int]]]:
    """All groupings that leave so many sites out."""
    if not sites:
        if left_out == 0:
            yield []
        return
    first, *rest = sites
    if left_out:
        yield from partitions(rest, low, high, left_out - 1)
    for size in range(low, min(high, len(sites)) + 1):
        for others in combinations(rest, size - 1):
            for more in partitions([one for one in rest if one not in others], low, high, left_out):
                yield [[first, *others], *more]


def pairs(communities: Sequence[Sequence[int]]) -> set[tuple[int, int]]:
    return {pair for members in communities for pair in combinations(sorted(members), 2)}


def allowed(instance: Instance, communities: Sequence[Sequence[int]]) -> bool:
    limits = instance.scenario.communities
    across = sum(crosses(instance, members) for members in communities)
    return (
        len(communities) >= limits.fewest
        and (not limits.most or len(communities) <= limits.most)
        and (limits.cross_region_most < 0 or across <= limits.cross_region_most)
    )


def musts_kept(instance: Instance, communities: Sequence[Sequence[int]]) -> bool:
    """Whether sites left out leave no half of a must-linked pair behind."""
    together = pairs(communities)
    placed = {one for members in communities for one in members}
    return all(
        tuple(sorted((int(link.a), int(link.b)))) in together or not {int(link.a), int(link.b)} & placed
        for link in instance.links
        if link.must and not link.kind.apart
    )


@settings(max_examples=40, deadline=None)
@given(instances(most=8), st.sampled_from([0.0, 0.02, 0.2, 1.0]), st.sampled_from([30.0, 1e-6]))
def test_each_alternative_differs_most_within_the_budget(instance: Instance, within: float, work: float) -> None:
    case, result = solved(instance)
    (level,) = case.levels
    found = alternatives(case, 2, within, work=work)
    size = instance.scenario.size
    numbers = [int(site.id) for site in level.problem.sites]
    most = result.cost.total_km * (1 + within)
    everything = [
        one
        for one in partitions(sorted(numbers), size.min, size.max, level.unplaced)
        if allowed(instance, one) and musts_kept(instance, one)
        if (cost := grouping_cost(instance, one)) is not None
        if cost <= most + 1e-9
    ]
    before = [pairs([[numbers[one] for one in members] for members in level.communities.values()])]
    for one in found.alternatives:
        assert one.exact and (one.proved or work < 1)
        mine = [[numbers[site] for site in members] for members in one.levels[0]]
        cost = grouping_cost(instance, mine)
        assert cost is not None
        assert abs(cost - one.cost_km) <= 1e-6 * max(1.0, cost)
        assert cost <= most + 1e-4 + 1e-9 * most
        apart = min(len(them - pairs(mine)) for them in before)
        # The budget is kept to the millimetre: what lies on its edge may be in it or not.
        greatest = max((min(len(them - pairs(other)) for them in before) for other in everything), default=0)
        assert one.most_apart >= greatest
        assert apart >= greatest or not one.proved
        assert one.apart == apart
        before.append(pairs(mine))
    assert len(found.alternatives) == 2 or found.complete or work < 1
    if len(found.alternatives) < 2 and found.complete:
        assert all(min(len(them - pairs(other)) for them in before) == 0 for other in everything)
    for core in cores(level, [one.levels[0] for one in found.alternatives]).values():
        kept = set.intersection(*before)
        assert pairs([[numbers[site] for site in core]]) <= kept


def test_the_command(no_maps: None, tmp_path: Path) -> None:
    rows = LIST.read_text("utf-8-sig").splitlines()[:21]
    (tmp_path / "list.csv").write_text("\n".join(rows), "utf-8")
    out = tmp_path / "out"

    def run(*args: object) -> object:
        return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="grouping")

    assert run("solve", tmp_path / "list.csv", "--out", out, "--quiet").exit_code == 0  # type: ignore[attr-defined]
    done = run("alternatives", out, "--count", 2, "--within", "10%", "--json")
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    data = json.loads(done.stdout)  # type: ignore[attr-defined]
    assert [one["file"] for one in data["alternatives"]] == ["alternative-1.csv", "alternative-2.csv"]
    first = (out / "alternative-1.csv").read_bytes()
    assert data["alternatives"][0]["cost_km"] <= 1.1 * data["cost_km"] + 0.001
    for one in data["alternatives"]:
        checked = run("check", out / one["file"], "--applications", tmp_path / "list.csv")
        assert checked.exit_code == 0  # type: ignore[attr-defined]
    again = run("alternatives", out, "--count", 1, "--within", "10%")
    assert again.exit_code == 0  # type: ignore[attr-defined]
    assert "方案 1：代价" in again.stdout  # type: ignore[attr-defined]
    assert (out / "alternative-1.csv").read_bytes() == first
    assert not (out / "alternative-2.csv").exists()
    english = run("alternatives", out, "--count", 1, "--within", "0", "--lang", "en")
    assert english.exit_code == 0  # type: ignore[attr-defined]
    wrong = run("alternatives", out, "--within", "x")
    assert wrong.exit_code == 2  # type: ignore[attr-defined]
    shutil.rmtree(out)
    assert run("alternatives", out).exit_code == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("option", [("--count", "0"), ("--count", "x"), ("--work", "-1")])
def test_wrong_numbers_are_told(tmp_path: Path, option: tuple[str, str]) -> None:
    done = CliRunner().invoke(main, ["alternatives", str(tmp_path), *option], prog_name="grouping")
    assert done.exit_code == 2
