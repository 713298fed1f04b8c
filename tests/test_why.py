"""Answers to "why?" against brute force, and the command as a user meets it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grouping import InputError, Kind, Link, Result, Status, solve
from grouping.cases import Case, Resolver, build_case
from grouping.cli import main
from grouping.link_files import applicable_links
from grouping.moves import merger, moves, split
from grouping.rule_prices import rule_prices
from grouping.scenario_files import load_scenario
from grouping.why import why_pair, why_site

from instances import HERE, asked, instances
from oracle import Instance, best, grouping_cost

LIST = Path(__file__).parent.parent / "data" / "examples" / "demonstration-districts.csv"


def solved(instance: Instance) -> tuple[Case, Result]:
    """The best grouping of an instance as a case; an instance that has none is passed over."""
    try:
        case, result = grouped(instance)
    except InputError:
        assume(False)
        raise
    assume(result.status is Status.OPTIMAL and result.communities)
    return case, result


def grouped(instance: Instance) -> tuple[Case, Result]:
    applications, links, distances = asked(instance)
    result = solve(applications, instance.scenario, links=links, distances=distances)
    communities = {one.label: [site.id for site in one.members] for one in result.communities}
    leads = {one.label: [one.lead.id] for one in result.communities if one.lead}
    priced = applicable_links(applications, instance.scenario, links)
    return build_case(applications, instance.scenario, priced, distances, communities, leads), result


def close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-3 + 1e-6 * max(abs(a), abs(b))


def groups(case: Case) -> dict[str, list[int]]:
    (level,) = case.levels
    return {label: [int(level.site(one).id) for one in members] for label, members in level.communities.items()}


@settings(max_examples=15, deadline=None)
@given(instances(most=8), st.data())
def test_the_price_of_a_move_is_that_of_brute_force_and_more_freedom_never_costs_more(
    instance: Instance, data: st.DataObject
) -> None:
    case, result = solved(instance)
    (level,) = case.levels
    site = data.draw(st.integers(0, instance.size - 1))
    number = level.number[str(site)]
    now = best(instance)
    assert now is not None
    answer = why_site(level, number, Resolver(20.0))
    for move in answer.data["moves"]:  # type: ignore[attr-defined]
        anchor = move["bound_to"]
        bound = replace(instance, links=[*instance.links, Link(str(site), anchor, Kind.PAIRING, HERE, must=True)])
        there, exact = best(bound), move["exact"]
        if exact["impossible"]:
            continue
        if exact["proved"]:
            assert there is not None
            assert exact["more_unplaced"] == there[0] - now[0]
            assert close(exact["high_km"], there[1] - now[1])
            assert exact["more_unplaced"] > 0 or exact["high_km"] >= -1e-3 - 1e-6 * now[1]
        if move["obstacle"] is None and move["simple_km"] is not None:
            after = groups(case)
            moved = [str(site), *move["along"]]
            for members in after.values():
                members[:] = [one for one in members if str(one) not in moved]
            after[move["community"]] += [int(one) for one in moved]
            cost = grouping_cost(instance, [members for members in after.values() if members])
            assert cost is not None
            assert close(move["simple_km"], cost - result.cost.total_km)
            # Moving alone keeps the link, and so is one of the groupings among which the rest is free.
            if exact["proved"] and exact["more_unplaced"] == 0 and level.home.get(number):
                assert exact["high_km"] <= move["simple_km"] + 1e-3 + 1e-6 * now[1]


@settings(max_examples=15, deadline=None)
@given(instances(most=8))
def test_swaps_splits_and_mergers_cost_what_brute_force_says(instance: Instance) -> None:
    case, result = solved(instance)
    (level,) = case.levels
    total = result.cost.total_km
    for label in level.communities:
        parted, merged = split(level, label), merger(level, label)
        if parted is not None:
            others = [members for name, members in groups(case).items() if name != label]
            parts = [[int(level.site(one).id) for one in part] for part in parted.parts]
            cost = grouping_cost(instance, [*others, *parts])
            assert cost is not None
            assert close(parted.km, cost - total)
            assert parted.km >= -1e-3 - 1e-6 * total
        if merged is not None:
            after = groups(case)
            after[label] += after.pop(merged.label)
            cost = grouping_cost(instance, list(after.values()))
            assert cost is not None
            assert close(merged.km, cost - total)
            assert len(after[label]) == merged.size
    for move in moves(level, 0):
        if move.partners:
            own = level.home[0]
            after = groups(case)
            ours = {0, *move.along}
            there, here = ({int(level.site(one).id) for one in some} for some in (ours, move.partners))
            after[own] = [one for one in after[own] if one not in there] + sorted(here)
            after[move.label] = [one for one in after[move.label] if one not in here] + sorted(there)
            cost = grouping_cost(instance, list(after.values()))
            assert cost is not None
            assert close(move.swap_km, cost - total)


def test_blocks_of_other_sizes_are_not_swapped() -> None:
    scenario = load_scenario("base", **{"size.min": 2, "size.max": 2, "size.preferred": 2})
    bound = Link("0", "1", Kind.PAIRING, HERE, must=True, km=None)
    nothing: list[tuple[str, ...]] = [()] * 6
    instance = Instance([[0.0] * 6] * 6, ["长三角"] * 6, [True] * 6, [bound], scenario, nothing)
    (level,) = grouped(instance)[0].levels
    alone = next(site for site in range(6) if len(level.problem.units[level.unit_of[site]]) == 1)
    assert {len(one.partners) for one in moves(level, alone)} == {0, 1}


def test_where_nothing_simple_is_possible_the_rest_regrouped_is() -> None:
    """Two that are bound to one another leave a community of three to one alone, and nobody can come for both."""
    scenario = load_scenario("base", **{"size.min": 3, "size.max": 3, "size.preferred": 3})
    bound = Link("0", "1", Kind.PAIRING, HERE, must=True, km=None)
    nothing: list[tuple[str, ...]] = [()] * 6
    km = [[0.0 if a == b else (10.0 if a // 3 == b // 3 else 100.0 + a + b) for b in range(6)] for a in range(6)]
    instance = Instance(km, ["长三角"] * 6, [True] * 6, [bound], scenario, nothing)
    (level,) = grouped(instance)[0].levels
    answer = why_site(level, level.number["0"], Resolver(20.0))
    (other,) = answer.data["moves"]  # type: ignore[misc]
    assert other["simple_km"] is None
    assert other["swap_km"] is None
    to = Link("0", other["bound_to"], Kind.PAIRING, HERE, must=True)
    now, there = best(instance), best(replace(instance, links=[bound, to]))
    assert now is not None
    assert there is not None
    assert other["exact"]["proved"]
    assert close(other["exact"]["high_km"], there[1] - now[1])
    said = "".join(one.text("zh") for one in answer.sentences)
    assert "不能只动它，与谁对调也不行；其余全部重排，总代价多" in said


@settings(max_examples=15, deadline=None)
@given(instances(most=8))
def test_the_price_of_having_a_pair_the_other_way(instance: Instance) -> None:
    case, _ = solved(instance)
    (level,) = case.levels
    a, b = level.number["0"], level.number["1"]
    price = why_pair(level, a, b, Resolver(20.0)).data["otherwise"]
    together = level.home.get(a, "a") == level.home.get(b, "b")
    kind = Kind.AVOID if together else Kind.PAIRING
    now, other = best(instance), best(replace(instance, links=[*instance.links, Link("0", "1", kind, HERE, must=True)]))
    assert now is not None
    assert isinstance(price, dict)
    if price["proved"]:
        assert other is not None
        assert price["more_unplaced"] == other[0] - now[0]
        assert close(price["high_km"], other[1] - now[1])


@settings(max_examples=12, deadline=None)
@given(instances(most=7))
def test_what_a_rule_costs_is_what_brute_force_saves_without_it(instance: Instance) -> None:
    case, result = solved(instance)
    now = best(instance)
    assert now is not None
    scenario = instance.scenario
    free = scenario.model_copy(update={"travel": scenario.travel.model_copy(update={"cross_region_km": 0.0})})
    wide = scenario.model_copy(update={"size": scenario.size.model_copy(update={"min": 2, "max": 12})})
    without = {"regions": replace(instance, scenario=free), "sizes": replace(instance, scenario=wide)}
    for kind in Kind:
        without[kind.value] = replace(instance, links=[link for link in instance.links if link.kind is not kind])
    prices = rule_prices(case, Resolver(30.0))
    assert {price.key for price in prices} >= {link.kind.value for link in instance.links}
    for price in prices:
        if price.key in without and price.proved:
            there = best(without[price.key])
            assert there is not None
            assert price.low_km is not None
            assert price.fewer_unplaced == now[0] - there[0]
            assert close(price.low_km, result.cost.total_km - there[1])


# --- The command ---------------------------------------------------------------------------------------


def run(*args: object) -> Outcome:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="grouping")


@pytest.fixture(scope="module")
def folder(undrawn: Callable[[], AbstractContextManager[None]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the shipped list with two links, solved once; beside them the inputs."""
    root = tmp_path_factory.mktemp("run")
    shutil.copy(LIST, root / "list.csv")
    (root / "links.csv").write_text(
        "甲,乙,类型,强度\n延庆县,房山区,意向,\n平湖市,江干区,东西部结对,必须\n锦江区,武侯区,回避,必须\n", "utf-8"
    )
    args = ("--links", root / "links.csv", "--out", root / "out", "--rule-prices", "--quiet")
    with undrawn():
        done = run("solve", root / "list.csv", *args)
    assert done.exit_code == 0, done.output
    return root


def asked_json(*args: object) -> dict[str, object]:
    done = run("explain", *args, "--json")
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert isinstance(data, dict)
    return data


def test_given_names_no_site(folder: Path) -> None:
    text = (folder / "out" / "given.json").read_text("utf-8")
    given_ = json.loads(text)
    assert given_["files"]["applications"]["path"] == "../list.csv"
    assert set(given_["files"]) == {"applications", "links"}
    assert "延庆" not in text


def test_the_first_question_of_all_says_that_it_takes_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    monkeypatch.setattr("grouping.cli.asking.compiled", lambda _: False)
    monkeypatch.setattr("grouping.cli.asking.compile_all", lambda _, placed: made.append(placed))
    done = run("explain", folder / "out", "--pair", "锦江区", "武侯区")
    assert done.exit_code == 0, done.output
    assert "编译" in done.stderr
    assert made == [False]


def test_a_site_is_explained_in_both_languages(folder: Path) -> None:
    said = run("explain", folder / "out", "延庆县")
    assert said.exit_code == 0, said.output
    assert "公里" in said.stdout
    assert said.stdout.count("改到") == 3
    english = run("explain", folder / "out", "延庆县", "--lang", "en")
    assert english.stdout.count("\nTo ") == 3
    data = asked_json(folder / "out", "延庆县")
    prices = [move["exact"]["high_km"] for move in data["moves"]]  # type: ignore[attr-defined]
    assert data["grouping_proved"] is True
    assert all(price >= -0.01 for price in prices)


def test_a_must_link_takes_the_other_along(folder: Path) -> None:
    data = asked_json(folder / "out", "平湖市")
    assert all("江干区" in move["along"][0] for move in data["moves"])  # type: ignore[attr-defined]
    assert any("必须遵守的联系" in one for one in data["sentences"])  # type: ignore[attr-defined]


def test_pairs_have_simple_reasons_first(folder: Path) -> None:
    bound = run("explain", folder / "out", "--pair", "平湖市", "江干区")
    assert "必须同组，不能分开" in bound.stdout
    barred = run("explain", folder / "out", "--pair", "锦江区", "武侯区")
    assert "不能同组" in barred.stdout
    assert "回避" in barred.stdout
    free = asked_json(folder / "out", "--pair", "延庆县", "江干区")
    assert free["otherwise"]["proved"] is True  # type: ignore[index]
    assert free["otherwise"]["high_km"] > 0  # type: ignore[index]


def test_a_community_and_the_rules(folder: Path) -> None:
    data = asked_json(folder / "out", "--community", "区县03")
    assert data["cost_km"]["total_km"] > 0  # type: ignore[index]
    rules = asked_json(folder / "out", "--rules")
    assert [one["rule"] for one in rules["rules"]] == ["regions", "pairing", "wish", "avoid", "sizes"]  # type: ignore[attr-defined]
    assert all(one["saving_km"] >= -0.01 for one in rules["rules"] if one["proved"])  # type: ignore[attr-defined]
    assert "每条规则的代价" in (folder / "out" / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("延庆线",), "延庆县"),
        (("--community", "区县99"), "这份方案里有：区县01"),
        ((), "恰好一个"),
        (("延庆县", "--rules"), "恰好一个"),
        (("--pair", "延庆县", "延庆县"), "同一个实验点"),
        (("延庆县", "--time-limit", "x"), "--time-limit"),
    ],
)
def test_a_wrong_question_is_told(folder: Path, args: Sequence[str], says: str) -> None:
    done = run("explain", folder / "out", *args)
    assert done.exit_code == 2
    assert says in done.stderr


def test_inputs_that_are_gone_or_changed(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(folder, root)
    (root / "list.csv").rename(root / "moved.csv")
    # They are told without a solve.
    pair = "--pair", "锦江区", "武侯区"
    gone = run("explain", root / "out", *pair)
    assert gone.exit_code == 2
    assert "--applications" in gone.stderr
    arguments = (*pair, "--applications", root / "moved.csv")
    assert run("explain", root / "out", *arguments).exit_code == 0
    (root / "now").mkdir()
    for name in ("moved.csv", "links.csv"):
        shutil.copy(root / name, root / "now" / name)
    (root / "links.csv").rename(root / "away.csv")
    assert run("explain", root / "out", *arguments, "--links", root / "none.csv").exit_code == 2
    beside = (*pair, "--applications", root / "now" / "moved.csv")
    assert run("explain", root / "out", *beside).exit_code == 0
    (root / "away.csv").rename(root / "links.csv")
    with (root / "links.csv").open("a", encoding="utf-8") as stream:
        stream.write("顺义区,大兴区,意向,\n")
    changed = run("explain", root / "out", *arguments)
    assert changed.exit_code == 2
    assert "--accept-changed" in changed.stderr
    assert run("explain", root / "out", *arguments, "--accept-changed").exit_code == 0
    assert run("explain", root, *pair).exit_code == 2
    (root / "out" / "given.json").write_text("{}", "utf-8")
    assert "损坏" in run("explain", root / "out", *arguments).stderr


def test_a_grouping_edited_by_hand_may_be_asked(folder: Path, tmp_path: Path) -> None:
    text = (folder / "out" / "grouping.csv").read_text("utf-8-sig")
    own = next(line for line in text.splitlines() if "延庆县" in line).split(",")[0]
    other = next(one for one in ("区县02", "区县03") if one != own)
    edited = tmp_path / "edited.csv"
    lines = [line.replace(own, other) if "延庆县" in line else line for line in text.splitlines()]
    edited.write_text("\n".join(lines), "utf-8")
    data = asked_json(folder / "out", "延庆县", "--grouping", edited)
    assert data["community"] == other
    assert data["grouping_proved"] is False
    # Free to do better than by hand, it does.
    assert min(move["exact"]["high_km"] for move in data["moves"]) < 0  # type: ignore[attr-defined]
    lines = [line.replace("区县03", "区县02") for line in text.splitlines()]
    edited.write_text("\n".join(lines), "utf-8")
    broken = run("explain", folder / "out", "延庆县", "--grouping", edited)
    assert broken.exit_code in (0, 2)
    assert "Traceback" not in broken.output


def test_a_move_costs_no_less_than_what_was_proved(folder: Path) -> None:
    """Even where the rest could hardly be solved again: everything else being free, nothing gets cheaper."""
    done = run("explain", folder / "out", "延庆县", "--time-limit", 1, "--json", "--lang", "en")
    data = json.loads(done.stdout)
    assert data["grouping_proved"]
    prices = [move["exact"] for move in data["moves"]]
    assert all(price["low_km"] is None or price["low_km"] >= -0.002 for price in prices)
    assert data["deciding"] and all(one in data["sentences"] for one in data["deciding"])
    for obstacle in (move["obstacle"] for move in data["moves"] if move["obstacle"]):
        assert any(obstacle in sentence for sentence in data["sentences"])
