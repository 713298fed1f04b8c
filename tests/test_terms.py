"""Terms and locks: what they bind against brute force, what files say, and three years of a real list."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grouping import (
    Applications,
    InputError,
    Kind,
    Level,
    Link,
    Result,
    Scenario,
    Site,
    Where,
    read_applications,
    solve,
)
from grouping.changes import Course
from grouping.check import check
from grouping.departures import Departure, Departures, without
from grouping.link_files import applicable_links
from grouping.lock_files import read_locks
from grouping.locks import Lock, Locks, lock_links
from grouping.messages import message
from grouping.outputs import write_outputs
from grouping.previous_files import read_previous
from grouping.report import report
from grouping.scenario import Size, Terms
from grouping.terms import EarlierCommunity, EarlierMember, Previous

from instances import HERE, asked, instances
from oracle import Instance, best, grouping_cost

LIST = Path(__file__).parents[1] / "data/examples/demonstration-districts.csv"
YEAR = 2026

thorough = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


# --- Against brute force -------------------------------------------------------------------------------


@st.composite
def years(draw: st.DrawFn) -> tuple[Instance, Previous, tuple[Lock, ...], tuple[Link, ...]]:
    """An instance with a year before it and locks, and the links that follow from them, pair by pair."""
    instance = draw(instances(most=8))
    n = instance.size
    terms = Terms(
        year=YEAR,
        running=draw(st.sampled_from(["must", "priced"])),
        ended=draw(st.sampled_from(["free", "priced"])),
        keep_together_km=float(draw(st.integers(0, 60))),
    )
    instance = replace(instance, scenario=instance.scenario.model_copy(update={"terms": terms}))
    home = draw(st.lists(st.sampled_from([None, "A", "B", "C"]), min_size=n, max_size=n))
    since = {label: draw(st.sampled_from([2023, 2024, YEAR])) for label in "ABC"}
    earlier = {label: [k for k in range(n) if home[k] == label] for label in "ABC"}
    previous = Previous(
        tuple(
            EarlierCommunity(
                label, since[label], Level.COUNTY, tuple(EarlierMember(str(k), str(k), None, HERE) for k in members)
            )
            for label, members in earlier.items()
            if members
        )
    )
    locked = draw(st.lists(st.sampled_from([None, None, None, "X", "Y"]), min_size=n, max_size=n))
    held = {label: [k for k in range(n) if locked[k] == label] for label in "XY"}
    closed = {label for label in "XY" if draw(st.booleans())}
    applications, _, _ = asked(instance)
    locks = tuple(
        Lock(applications.sites[k], label, label in closed, HERE)
        for label, members in held.items()
        if len(members) > 1
        for k in members
    )
    follow: list[Link] = []
    for label, members in earlier.items():
        running = since[label] > YEAR - 3
        mode = terms.running if running else terms.ended
        for a, b in combinations(members, 2):
            if mode == "must":
                follow.append(Link(str(a), str(b), Kind.TERM, HERE, must=True))
            elif mode == "priced":
                follow.append(Link(str(a), str(b), Kind.TERM, HERE, km=terms.keep_together_km))
    bound = [
        members
        for label, members in earlier.items()
        if since[label] > YEAR - 3 and terms.running == "must" and len(members) >= instance.scenario.size.min
    ]
    for one, other in combinations(bound, 2):
        follow += [Link(str(a), str(b), Kind.TERM_APART, HERE, must=True) for a, b in product(one, other)]
    groups = {label: members for label, members in held.items() if len(members) > 1}
    for label, members in groups.items():
        follow += [Link(str(a), str(b), Kind.LOCK, HERE, must=True) for a, b in combinations(members, 2)]
        if label in closed:
            others = [k for k in range(n) if k not in members]
            follow += [Link(str(a), str(b), Kind.LOCK_APART, HERE, must=True) for a, b in product(members, others)]
    if len(groups) == 2:
        follow += [Link(str(a), str(b), Kind.LOCK_APART, HERE, must=True) for a, b in product(*groups.values())]
    return instance, previous, locks, tuple(follow)


def solved(instance: Instance, previous: Previous, locks: tuple[Lock, ...], **options: object) -> Result:
    applications, links, distances = asked(instance)
    bound = Locks(lock_links(locks, applications, {}))
    try:
        return solve(
            *(applications, instance.scenario),
            links=links,
            distances=distances,
            previous=previous,
            locks=bound,
            **options,
        )
    except InputError:
        # What they demand contradicts links, or is more than a community holds, or limits can't be kept.
        assume(False)
        raise


def home(result: Result) -> dict[str, str]:
    return {site.id: one.label for one in result.communities for site in one.members}


@thorough
@given(years())
def test_terms_and_locks_bind_and_cost_as_brute_force_says(
    drawn: tuple[Instance, Previous, tuple[Lock, ...], tuple[Link, ...]],
) -> None:
    instance, previous, locks, follow = drawn
    result = solved(instance, previous, locks)
    whole = replace(instance, links=[*instance.links, *follow])
    found = best(whole)
    assert found is not None
    groups = [[int(site.id) for site in one.members] for one in result.communities]
    assert len(result.unplaced) == found[0]
    assert result.cost.total_km == pytest.approx(found[1], abs=0.01)
    assert grouping_cost(whole, groups) == pytest.approx(result.cost.total_km, abs=1e-6)
    place = home(result)
    for link in follow:
        if link.must and (link.a in place or link.b in place):
            assert (place.get(link.a) == place.get(link.b)) != link.kind.apart


@thorough
@given(years(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_a_start_makes_nothing_worse(
    drawn: tuple[Instance, Previous, tuple[Lock, ...], tuple[Link, ...]], random: Random
) -> None:
    instance, previous, locks, _ = drawn
    result = solved(instance, previous, locks)
    communities, rows = list(previous.communities), list(locks)
    random.shuffle(communities)
    random.shuffle(rows)
    shuffled = solved(instance, replace(previous, communities=tuple(communities)), tuple(rows))
    assert {frozenset(s.id for s in one.members) for one in shuffled} == {
        frozenset(s.id for s in one.members) for one in result
    }
    start = {one.label: [site.id for site in one.members] for one in result.communities}
    again = solved(instance, previous, locks, start=start)
    assert again.cost.total_km <= result.cost.total_km + 1e-6


@thorough
@given(years())
def test_without_locks_or_with_prices_for_terms_nothing_costs_more(
    drawn: tuple[Instance, Previous, tuple[Lock, ...], tuple[Link, ...]],
) -> None:
    instance, previous, locks, _ = drawn
    bound = solved(instance, previous, locks)
    free = solved(instance, previous, ())
    assert (len(free.unplaced), free.cost.total_km) <= (len(bound.unplaced), bound.cost.total_km + 0.01)


# --- Files ---------------------------------------------------------------------------------------------


def seven() -> Applications:
    names = ("东城区", "西城区", "朝阳区", "海淀区", "丰台区", "石景山区", "通州区")
    codes = ("110101", "110102", "110105", "110108", "110106", "110107", "110112")
    return Applications(
        tuple(
            Site(
                str(k), f"北京市{name}", Level.COUNTY, Where("list.csv", row=k), adcode=code, lon=116 + k / 9, lat=40.0
            )
            for k, (name, code) in enumerate(zip(names, codes, strict=True))
        )
    )


def in_year(year: int, **terms: object) -> Scenario:
    return Scenario(terms=Terms(year=year, **terms))


def written(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text("\n".join(rows), "utf-8")
    return path


def test_a_previous_grouping_is_read_with_who_is_gone(tmp_path: Path) -> None:
    path = written(
        *(tmp_path, "g.csv", "community,site,since", "甲组,北京市东城区,2024", "甲组,北京市西城区,2025年3月"),
        *("甲组,北京市房山区,2024-09-01", "乙组,没有的学校,2026"),
    )
    previous = read_previous(path, seven(), in_year(2026))
    one, other = previous.communities
    assert (one.label, one.since, one.present) == ("甲组", 2024, ("0", "1"))
    assert [member.name for member in one.members if member.gone] == ["北京市房山区"]
    assert (other.present, other.since) == ((), 2026)


def test_what_is_wrong_with_a_previous_grouping_is_told_at_once(tmp_path: Path) -> None:
    path = written(
        *(tmp_path, "g.csv", "共同体,实验点,起始年份", "甲,北京市东城区,明年", "乙,北京市东城区,2024"),
        "乙,北京市西城区,2027",
    )
    with pytest.raises(InputError) as caught:
        read_previous(path, seven(), in_year(2026))
    keys = [problem.what.key for problem in caught.value.problems]
    assert keys == ["terms.since", "terms.two_communities", "terms.since"]
    with pytest.raises(InputError) as caught:
        read_previous(written(tmp_path, "h.csv", "共同体,实验点", "甲,北京市东城区"), seven(), Scenario())
    assert [problem.what.key for problem in caught.value.problems] == ["terms.no_since", "terms.no_year"]


DRAFT = {"一组": ["0", "1", "2"], "二组": ["3", "4", "5", "6"]}


def bound(locks: Locks) -> set[tuple[str, str, bool]]:
    return {(*sorted((link.a, link.b)), link.kind.apart) for link in locks.links}


def test_a_site_locked_on_a_community_goes_with_its_lead_unit(tmp_path: Path) -> None:
    path = written(tmp_path, "k.csv", "共同体,实验点", "一组,北京市通州区")
    assert bound(read_locks(path, seven(), DRAFT)) == {("0", "6", False)}


def test_where_the_lead_unit_is_locked_elsewhere_the_next_stands_for_the_community(tmp_path: Path) -> None:
    path = written(tmp_path, "k.csv", "共同体,实验点", "一组,北京市通州区", "二组,北京市东城区")
    assert bound(read_locks(path, seven(), DRAFT)) == {("1", "6", False), ("0", "3", False), ("0", "1", True)}


def test_a_closed_community_has_its_members_and_nobody_else(tmp_path: Path) -> None:
    path = written(tmp_path, "k.csv", "共同体,实验点,锁定", "一组,,封闭", "二组,北京市海淀区,")
    together = {("0", "1", False), ("0", "2", False)}
    assert bound(read_locks(path, seven(), DRAFT)) == together | {("0", other, True) for other in "3456"}


def test_a_marked_draft_is_a_file_of_locks_and_the_list_may_have_them_too(tmp_path: Path) -> None:
    rows = [
        "community,site,role,锁定",
        "一组,北京市东城区,lead,是",
        "一组,北京市西城区,member,是",
        "一组,北京市朝阳区,member,",
    ]
    assert bound(read_locks(written(tmp_path, "k.csv", *rows), seven(), DRAFT)) == {("0", "1", False)}
    path = written(tmp_path, "list.csv", "名称,锁定共同体", "北京市东城区,甲", "北京市西城区,甲", "北京市朝阳区,")
    listed = read_applications(path)
    (link,) = read_locks(None, listed, {}).links
    assert {link.a, link.b} == {site.id for site in listed.sites[:2]}
    assert listed.sites[0].extra["锁定共同体"] == "甲"
    unnamed = read_applications(written(tmp_path, "list.csv", "名称,锁定", "北京市东城区,是", "北京市西城区,"))
    with pytest.raises(InputError, match="锁定在哪个共同体没有写"):
        read_locks(None, unnamed, {})


def test_what_is_wrong_with_locks_is_told(tmp_path: Path) -> None:
    rows = ["共同体,实验点,锁定", "一组,北京市通县区,是", "一组,北京市东城区,封起来", "一组,,是", ",北京市东城区,是"]
    with pytest.raises(InputError) as caught:
        read_locks(written(tmp_path, "k.csv", *rows), seven(), DRAFT)
    keys = {problem.what.key for problem in caught.value.problems}
    assert {"locks.word", "locks.nobody"} <= keys
    rows = ["共同体,实验点", "三组,北京市通州区", "一组,北京市东城区", "二组,北京市东城区"]
    with pytest.raises(InputError) as caught:
        read_locks(written(tmp_path, "k.csv", *rows), seven(), DRAFT)
    keys = {problem.what.key for problem in caught.value.problems}
    assert keys == {"locks.unknown_near", "locks.two_communities"}
    assert "一组、二组" in " ".join(problem.text() for problem in caught.value.problems)


def test_a_community_that_fell_below_the_least_size_stays_together_and_is_joined() -> None:
    sites = seven()
    members = [EarlierMember(sites.sites[k].name, str(k), None, HERE) for k in (0, 6)]
    gone = EarlierMember("退出的", None, message("departures.exit"), HERE)
    previous = Previous((EarlierCommunity("一组", 2025, Level.COUNTY, (*members, gone)),))
    scenario = Scenario(size=Size(min=3, preferred=3), terms=Terms(year=2026))
    result = solve(sites, scenario, previous=previous)
    place = home(result)
    assert place["0"] == place["6"] == "一组"
    change = next(one for one in result.renewal if one.label == "一组")
    assert change.short == 2
    assert [one.name for one in change.left] == ["退出的"]
    assert len(change.joined) >= 1
    assert "补足" in report(result, result.audit)


def test_two_communities_within_their_terms_stay_two_and_take_in_who_is_new() -> None:
    sites = seven()

    def earlier(label: str, since: int, *ids: int) -> EarlierCommunity:
        members = tuple(EarlierMember(sites.sites[k].name, str(k), None, HERE) for k in ids)
        return EarlierCommunity(label, since, Level.COUNTY, members)

    # All in one would be seven, nearer to the six that are preferred than three and four.
    result = solve(
        sites, in_year(2026), previous=Previous((earlier("甲", 2024, 0, 1, 2), earlier("乙", 2026, 3, 4, 5)))
    )
    place = home(result)
    assert {place[k] for k in "012"} == {"甲"}
    assert {place[k] for k in "345"} == {"乙"}
    assert {one.label: one.since for one in result.communities} == {"甲": 2024, "乙": 2026}
    ended = solve(sites, in_year(2027), previous=Previous((earlier("甲", 2024, 0, 1, 2), earlier("乙", 2024, 3, 4, 5))))
    assert [len(one.members) for one in ended.communities] == [7]
    assert {change.label: change.course for change in ended.renewal} == {"甲": Course.RENEWED, "乙": Course.ENDED}


# --- Three years of a real list ------------------------------------------------------------------------


def test_three_years_of_a_real_list(no_maps: None, tmp_path: Path) -> None:
    """Applications, exits, absences and renewals; no community is broken without a reason that is told."""
    random = Random(7)
    everyone = read_applications(LIST)
    ids = sorted(site.id for site in everyone.sites)
    there = set(random.sample(ids, 40))
    previous_path: Path | None = None
    broken_in: dict[int, int] = {}
    for year in (2024, 2025, 2026, 2027):
        sites = replace(everyone, sites=tuple(site for site in everyone.sites if site.id in there))
        leaving = random.sample(sorted(there), 3) if year > 2024 else []
        names = {site.id: site.name for site in everyone.sites}
        gone = Departures(tuple(Departure(one, names[one], message("departures.exit"), HERE) for one in leaving))
        sites = without(sites, gone)
        scenario = in_year(year)
        previous = read_previous(previous_path, sites, scenario) if previous_path else None
        result = solve(sites, scenario, previous=previous)
        audit = check(
            {one.label: [site.id for site in one.members] for one in result.communities},
            *(sites, scenario, applicable_links(sites, scenario, previous=previous)),
            unplaced=[one.site.id for one in result.unplaced],
        )
        assert audit.passed
        assert not result.unplaced
        place = home(result)
        for earlier in previous.communities if previous else ():
            homes = {place[one] for one in earlier.present}
            change = next(one for one in result.renewal if one.label == earlier.label)
            told = {one.name for one in (*change.moved, *change.left)} | set(change.stays)
            assert told == {member.name for member in earlier.members}
            assert all(one.reason.text() for one in (*change.moved, *change.left))
            if earlier.runs(scenario):
                assert len(homes) <= 1
                assert change.course is Course.RUNS or len(earlier.present) < 3
            broken_in[year] = broken_in.get(year, 0) + (len(homes) > 1)
        text = report(result, audit)
        for one in leaving:
            assert names[one] in text
        write_outputs(result, audit, tmp_path / str(year))
        previous_path = tmp_path / str(year) / "grouping.csv"
        since = pd.read_csv(previous_path)["since"]
        assert since.between(year - 2, year).all()
        there = (there - set(leaving)) | set(random.sample(sorted(set(ids) - there), 4))
    assert broken_in[2025] == broken_in[2026] == 0
    assert broken_in[2027] > 0
