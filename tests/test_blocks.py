"""Blocks of must-linked sites, and what is said of those that can't be."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.blocks import blocks
from grouping.errors import InputError, Where
from grouping.links import Kind, Link
from grouping.messages import LANGS


def must(a: str, b: str, row: int = 2, kind: Kind = Kind.PAIRING) -> Link:
    return Link(a, b, kind, Where("links.xlsx", row=row), must=True)


def refused(sites: Sequence[str], links: Sequence[Link], max_size: int = 10) -> list[str]:
    with pytest.raises(InputError) as caught:
        blocks(sites, links, max_size, names={"a": "甲", "b": "乙", "c": "丙"})
    assert all(problem.text(lang) for problem in caught.value.problems for lang in LANGS)
    return [problem.text() for problem in caught.value.problems]


def test_must_links_bind_and_the_rest_does_not() -> None:
    links = [
        must("d", "b"),
        must("b", "a", kind=Kind.WISH),
        Link("a", "c", Kind.PAIRING, Where("links.xlsx")),
        must("c", "a", kind=Kind.AVOID),
    ]
    assert blocks(["c", "a", "b", "d", "e"], links, 10) == (("c",), ("a", "b", "d"), ("e",))


def test_a_block_may_be_as_large_as_a_community() -> None:
    links = [must("a", "b"), must("b", "c")]
    assert blocks("abc", links, 3) == (("a", "b", "c"),)


def test_a_block_that_is_too_large_is_explained_by_its_links() -> None:
    (problem,) = refused("abcd", [must("a", "b", 3), must("b", "c", 4), must("c", "d", 5)], max_size=2)
    assert "4 个实验点" in problem
    assert "甲—乙（东西部结对，第 3 行）、乙—丙（东西部结对，第 4 行）" in problem
    assert "第 5 行" not in problem


def test_links_of_another_file_are_told_with_it() -> None:
    elsewhere = Link("b", "c", Kind.WISH, Where("more.csv", row=2), must=True)
    (problem,) = refused("abc", [must("a", "b", 3), elsewhere], max_size=2)
    assert "甲—乙（东西部结对，第 3 行）、乙—丙（意向，more.csv，第 2 行）" in problem


def test_two_that_must_be_together_and_apart_are_explained_by_the_shortest_chain() -> None:
    links = [
        must("a", "d", 2),
        must("d", "e", 3),
        must("e", "c", 4),
        must("b", "a", 5),
        must("b", "c", 6),
        must("c", "a", 7, Kind.AVOID),
    ]
    (problem,) = refused("abcde", links)
    assert problem.startswith("links.xlsx，第 7 行")
    assert "丙—乙（东西部结对，第 6 行）、乙—甲（东西部结对，第 5 行）" in problem
    assert "第 3 行" not in problem


def test_a_must_link_out_of_the_level_is_refused_and_other_levels_are_none_of_our_business() -> None:
    (problem,) = refused("ab", [must("a", "x"), must("x", "y")])
    assert "第十一条" in problem


def test_all_that_is_wrong_is_told_at_once() -> None:
    links = [must("a", "b"), must("b", "a", kind=Kind.AVOID), must("c", "d"), must("d", "e"), must("e", "x")]
    assert len(refused("abcde", links, max_size=2)) == 3


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=12))
def test_blocks_are_the_classes_of_a_union_find(count: int, pairs: list[tuple[int, int]]) -> None:
    sites = [f"s{index}" for index in range(count)]
    pairs = [(a, b) for a, b in pairs if a < count and b < count]
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for a, b in pairs:
        parent[root(a)] = root(b)
    found = blocks(sites, [must(sites[a], sites[b]) for a, b in pairs], count)
    assert sorted(site for block in found for site in block) == sorted(sites)
    home = {site: number for number, block in enumerate(found) for site in block}
    assert all((home[sites[a]] == home[sites[b]]) is (root(a) == root(b)) for a in range(count) for b in range(count))
    assert [block[0] for block in found] == sorted((block[0] for block in found), key=sites.index)
    assert all(list(block) == sorted(block, key=sites.index) for block in found)
