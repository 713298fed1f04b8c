"""A good grouping early: a search that goes on from where it stopped, and what it met on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from grouping.borders import crossing
from grouping.candidates import Candidates
from grouping.cost import Ints, Prices
from grouping.crossover import best_of_both
from grouping.draft import Draft, Neighbourhood, empty_draft, set_labels, start_over, valid_parts
from grouping.ejection_chains import rearrange, room_for
from grouping.exchanges import exchange
from grouping.nearest import leaf_order, nearest
from grouping.ruin_recreate import anneal, recreate
from grouping.scenario import Limits

STEP = 1.5e-5
"""Deterministic seconds for a step."""
_NEIGHBOURS = 24
_INSISTING = 10.0
_MET = 100
"""Communities tried that are kept for each unit."""
_MOST_MET = 1_000_000
"""Communities tried that are kept in all."""
_CHUNK = 2_000
"""Steps between two looks at the clock; twice as many as units where those are more."""
_LEG = 500
"""Steps between two changes of the price of communities across macro-regions; more for thousands of units."""
_DEARER, _CHEAPER = 1.5, 0.8
_FIRST = 0.02
"""That price at first, as a part of what a community costs."""
_TURNS = 4
"""How often sizes are evened out while the temperature falls."""
_VAIN = 12
"""Communities opened or dissolved for nothing, one after another, before no more are."""


class Search:
    """A search that goes on from where it stopped, the same for the same seed.

    Args:
        prices: what communities cost.
        smallest, largest: sites of a community.
        seed: of the random choices.
        limits: on the communities in all.
        region: (u,) the macro-region of each unit, see :mod:`grouping.borders`.
        start: communities to begin with; what the search makes of nothing, if empty.

    """

    def __init__(
        self,
        prices: Prices,
        smallest: int,
        largest: int,
        seed: int,
        limits: Limits,
        region: Ints,
        start: Sequence[Sequence[int]] = (),
    ) -> None:
        self._prices = prices
        self._quota = limits.cross_region_most >= 0
        missing = _missing_km(prices, smallest)
        # So many communities there never are.
        units = len(prices.weight)
        self._around = Neighbourhood(
            near=_near(prices),
            smallest=smallest,
            largest=largest,
            missing_km=missing,
            forbidden_km=1000.0 * missing,
            limited=limits != Limits(),
            fewest=limits.fewest,
            most=limits.most or units,
            across=limits.cross_region_most if self._quota else units,
            region=region,
            crossing_km=0.0,
        )
        self._choices = np.random.default_rng(seed)
        self._random = np.array([seed * 0x9E3779B97F4A7C15 % 2**64 | 1], dtype=np.uint64)
        self._draft = empty_draft(units, largest, min(_MET * units, _MOST_MET))
        if start:
            self.resume(start)
        else:
            _begin(prices, self._around, self._draft, self._random)

    def cool(self, steps: int, hot: float, cold: float, told: Callable[[int], bool], *, turns: int = _TURNS) -> None:
        """Take so many ``steps`` while the temperature falls from ``hot`` to ``cold`` km; each turn is evened out.

        Every now and then it is ``told`` how many were taken since; where that returns True, they end.
        """
        ends = [steps * turn // turns for turn in range(turns + 1)]
        for done, end in pairwise(ends):
            if self._cooled(done, end, steps, hot, cold, told) or self.even_out(told):
                return

    def _cooled(self, done: int, end: int, steps: int, hot: float, cold: float, told: Callable[[int], bool]) -> bool:
        """Take the steps from ``done`` to ``end`` of all ``steps``; whether what is ``told`` returned True."""
        # A look takes time for each unit.
        chunk = max(_CHUNK, 2 * len(self._prices.weight))
        while done < end:
            count = min(chunk, end - done)
            warm, cool = (hot * (cold / hot) ** (taken / steps) for taken in (done, done + count))
            self.steps(count, warm, cool)
            if told(count):
                return True
            done += count
        return False

    def reheat(self, steps: int, hot: float, cold: float, told: Callable[[int], bool]) -> None:
        """Take so many ``steps`` from the best grouping on as :meth:`cool` does, and keep what they made better.

        That may be a piece of the map where all in all it is worse. For groupings without limits.
        """
        before = self.best
        self.resume(before)
        if not self._cooled(0, steps, steps, hot, cold, told):
            self.keep_better(before)
            self.even_out(told)

    def steps(self, count: int, hot: float, cold: float) -> None:
        """Take ``count`` steps while the temperature falls from ``hot`` to ``cold`` km."""
        if not len(self._prices.weight):
            return
        if not self._quota:
            anneal(self._prices, self._around, self._draft, self._random, count, hot, cold)
            return
        # To change the price takes time for each unit.
        most = max(_LEG, len(self._prices.weight) // 8)
        for done in range(0, count, most):
            leg = min(most, count - done)
            warm, cool = (hot * (cold / hot) ** (part / count) for part in (done, done + leg))
            anneal(self._prices, self._around, self._draft, self._random, leg, warm, cool)
            self._reprice()

    def exchange(self, steps: int, hot: float, cold: float) -> None:
        """Let units change places in so many ``steps`` while the temperature falls from ``hot`` to ``cold`` km.

        For groupings without limits.
        """
        if len(self._prices.weight):
            exchange(self._prices, self._around, self._draft, self._random, steps, hot, cold)

    def _reprice(self) -> None:
        """Make communities across macro-regions dearer while they are too many, else cheaper."""
        draft, around = self._draft, self._around
        over = int(crossing(around.region, draft.now.members, draft.now.counts).sum()) - around.across
        if over > 0:
            price = max(_DEARER * around.crossing_km, _FIRST * self.mean_cost + 1e-9)
        else:
            price = _CHEAPER * around.crossing_km
        self._around = around._replace(crossing_km=min(price, around.forbidden_km))
        set_labels(self._prices, self._around, draft, draft.label)

    def even_out(self, told: Callable[[int], bool]) -> bool:
        """Go on from the best grouping by chains of moves, which bring sizes that are off together.

        Every now and then it is ``told`` from how many units chains were looked for since. Returns whether that
        returned True, and this came to an end.
        """
        prices, around, draft = self._prices, self._around, self._draft
        chain = room_for(len(draft.label))
        looks, enough = 0, max(_CHUNK, 2 * len(draft.label))

        def over(more: int) -> bool:
            nonlocal looks
            looks += more
            if looks < enough:
                return False
            done, looks = looks, 0
            return told(done)

        set_labels(prices, around, draft, draft.best)
        again = True
        while again:
            again = False
            for group in self._off().tolist():
                better, more = rearrange(prices, around, draft, chain, group, False)
                again = again or better
                if over(more):
                    return True
        vain = 0
        while vain < _VAIN and len(off := self._off(many=True)):
            better, more = rearrange(prices, around, draft, chain, self._choices.choice(off), True)
            vain = 0 if better else vain + 1
            if over(more):
                return True
        return told(looks)

    def _off(self, *, many: bool = False) -> Ints:
        """The communities at hand that are larger or smaller than preferred.

        With ``many``, the larger ones only if they hold more than half a community beyond what is preferred: one more
        could not pay otherwise. Likewise the smaller ones, by what they lack.
        """
        now, preferred = self._draft.now, self._prices.preferred
        beyond = np.where(now.counts > 0, now.weight - preferred, 0)
        if many:
            for side in (beyond > 0, beyond < 0):
                if 2 * abs(beyond[side].sum()) <= preferred:
                    beyond[side] = 0
        return np.flatnonzero(beyond)

    def resume(self, communities: Sequence[Sequence[int]]) -> None:
        """Go on from the grouping of these communities; units in none of them stand alone."""
        label = np.full(len(self._prices.weight), -1, dtype=np.int64)
        for group, members in enumerate(communities):
            label[list(members)] = group
        alone = label < 0
        label[alone] = np.arange(len(communities), len(communities) + alone.sum())
        set_labels(self._prices, self._around, self._draft, label)

    def keep_better(self, communities: Sequence[Sequence[int]]) -> None:
        """Go on from the best of the grouping at hand and of these ``communities``, piece by piece.

        For groupings without limits, which are on all pieces.
        """
        draft = self._draft
        label, cost = draft.label.copy(), draft.now.cost.copy()
        self.resume(communities)
        both = best_of_both(label, cost, draft.label, draft.now.cost)
        set_labels(self._prices, self._around, draft, both)

    def note(self, candidates: Candidates) -> None:
        """Count these among the latest communities that were tried."""
        draft = self._draft
        rows = candidates.sets[-len(draft.met) :] if len(draft.met) else candidates.sets[:0]
        draft.met[(draft.number[1] + np.arange(len(rows))) % max(1, len(draft.met))] = rows
        draft.number[1] += len(rows)

    def insist(self) -> None:
        """From now on, sites without a community cost much more on the way."""
        around = self._around
        self._around = around._replace(
            missing_km=_INSISTING * around.missing_km, forbidden_km=_INSISTING * around.forbidden_km
        )
        if len(self._prices.weight):
            set_labels(self._prices, self._around, self._draft, self._draft.label)

    @property
    def near(self) -> Ints:
        """(u, count): the nearest units of each, nearest first; those it is linked to before all others."""
        return self._around.near

    @property
    def met(self) -> Candidates:
        """The latest communities that were tried, each once."""
        rows = self._draft.met[: self._draft.number[1]]
        return Candidates.of_rows(np.unique(Candidates.of_rows(rows).sets, axis=0))

    @property
    def mean_cost(self) -> float:
        """Mean cost in km of the communities at hand: a scale for temperatures."""
        now = self._draft.now
        filled = now.counts > 0
        return float(now.cost[filled].mean()) if filled.any() else 0.0

    @property
    def best(self) -> list[tuple[int, ...]]:
        """The communities of the best grouping so far; units in none of them are unplaced."""
        order, starts = _together(self._draft.best)
        may_be = valid_parts(self._prices, self._around.smallest, order, np.append(starts, len(order)))
        parts = np.split(order, starts[1:])
        return [tuple(part.tolist()) for part, allowed in zip(parts, may_be, strict=False) if allowed]

    @property
    def held(self) -> list[tuple[int, ...]]:
        """The communities at hand, of all units, whether they may be as they are or not."""
        order, starts = _together(self._draft.label)
        return [tuple(part.tolist()) for part in np.split(order, starts[1:])]


def _near(prices: Prices) -> Ints:
    units = len(prices.weight)
    count = min(_NEIGHBOURS, units - 1)
    if len(prices.ground.start):
        return nearest(prices, max(0, count))[0]
    together = prices.distance + prices.cross
    if prices.pair.linked:
        # Whoever is linked comes first, whoever is avoided last.
        together = np.nan_to_num(together + prices.pair.table * units)
    together = together.copy()
    # Last of all the unit itself, which must not come among its neighbours.
    np.fill_diagonal(together, np.inf)
    return np.argsort(together, axis=1, kind="stable")[:, :count].astype(np.int64)


def _missing_km(prices: Prices, smallest: int) -> float:
    """A price at which a community too small does not pay: what a site's nearest neighbours are away, and more."""
    units = len(prices.weight)
    count = min(2 * smallest, units)
    if len(prices.ground.start):
        # A unit is the nearest to itself.
        away = nearest(prices, max(0, count - 1), linked=False)[1].sum(axis=1)
        # Of so many units some are always far from all others. To leave these out must not pay either.
        far = away.max(initial=0.0)
    else:
        away = np.sort(prices.distance + prices.cross, axis=1)[:, :count].sum(axis=1)
        far = away.mean() if units else 0.0
    # One that would be served where it is alone may join those who run another theme.
    themes = prices.theme_km * smallest if prices.miss.shape[1] else 0.0
    return float(2 * far + 2 * prices.size_km + themes + np.abs(prices.apart).max() + 1e-9) if units else 1.0


def _begin(prices: Prices, around: Neighbourhood, draft: Draft, random: NDArray[np.uint64]) -> None:
    units = len(prices.weight)
    if len(prices.ground.start) and units:
        set_labels(prices, around, draft, _in_order(prices, around))
    elif units:
        sites = int(prices.weight.sum())
        seeds = max(1, round(sites / prices.preferred), around.fewest)
        if around.limited:
            seeds = min(seeds, around.most)
        recreate(prices, around, draft, np.arange(units), units, seeds, random)
        start_over(prices, around, draft)


def _together(label: Ints) -> tuple[Ints, Ints]:
    """(the units by their labels, where each label's begin)."""
    order = np.argsort(label, kind="stable")
    return order, np.flatnonzero(np.diff(label[order], prepend=-1))


def _in_order(prices: Prices, around: Neighbourhood) -> Ints:
    """(u,) labels of communities of neighbours of about the preferred size: where opening seeds would take too long."""
    label = np.empty(len(prices.weight), dtype=np.int64)
    group = sites = 0
    for unit in leaf_order(prices).tolist():
        weight = int(prices.weight[unit])
        if sites and (sites >= prices.preferred or sites + weight > around.largest):
            group += 1
            sites = 0
        label[unit] = group
        sites += weight
    return label
