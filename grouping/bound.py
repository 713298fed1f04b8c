"""A certified lower bound: the set-partitioning LP over all candidates, by column generation.

Any dual prices give a bound (Lagrange): what the rows are worth, plus for each root the least reduced cost of its
candidates if negative, for as many roots as there may be communities. Prices are smoothed between the best known and
the LP's (Wentges 1997; Pessoa et al. 2018). Once the LP is solved, subset-row and area cuts are added as long as they
help.

Pricing takes nearly all the time, so the LP is solved over all candidates met so far between two rounds of it, and
cuts are found over the many that are near to having a negative reduced cost.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from grouping.areas import Areas, area_tolls
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.cost import Floats, totals
from grouping.cuts import NO_CUTS, Rows
from grouping.listed import listed
from grouping.master import Master, Numbered, Point
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem
from grouping.surroundings import Surroundings

_EXACT = (0.001, 1e-6, 1e-9)
"""A grouping is called optimal when no other is cheaper by a metre, or by a millionth where that is less; where a metre
is less than a billionth, by that, for floats are not more exact."""
_SMOOTHING = 0.6
"""How near the next prices are to the best known, without cuts; and with the first ones, then a fourth as near."""
_FIRST_NODES, _CUT_NODES = 500, 16_000
"""Partial sets that pricing may open for each root in the first rounds, without and with cuts; eight times more each
time nothing is found, with cuts also when little is."""
_LITTLE = 0.1
"""New candidates for each unit below which it is little. With cuts most of them are met long before roots are proved to
have no others, and once few are left, only these proofs still raise the bound."""
_WORTH = 0.005
"""Cuts go on while a round of them closes so much of what is between the bound and the best cost."""
_STALE = 5
"""Cuts at hand go on until so many rounds in a row were worth nothing: areas may be broken only after many triples."""
_CUTTING = 0.4
"""Share of the time left to a part that looking for cuts may take each time."""
_CONVERGED, _NEAR, _CUT_NEAR = 1e-7, 0.01, 0.1
"""The LP is solved when no more than such a share of its value, or of its units' prices, or of what is between it and
the best cost, is open; more of that while there are cuts to come. Prices may cancel out: an LP whose value is zero is
not exact to zero."""
_NEGATIVE = 1e-7
"""Reduced costs below this ask for a candidate."""
_ADDED = 200
"""Candidates that become columns at a time, beyond two for each unit."""
_SLACKS = (0.00625, 0.0125, 0.025, 0.05, 0.1, 0.2, 0.4)
"""Candidates whose reduced cost is below such a share of what is between bound and best cost are met before cutting."""
_MANY = 150_000
"""Candidates that are met so at most."""
_KEPT, _TIDY = 5, 4
"""Columns for each unit that an LP with cuts keeps, or its basis if that is more, after so many rounds of cuts each."""
_LOOK = 3e-7
"""Deterministic seconds for the reduced cost of a candidate at hand."""
_ROUNDING, _CANCELLED = 1e-10, 1e-14
"""Taken off a bound, relative to the sizes of its terms and to all prices of links, for floating-point errors. Those of
a grouping's candidates are near 1e-15 of what each adds up, and no unit is in two of these; but prices of links that
are honoured cancel out, and no term tells of them."""


def exact_km(cost_km: float) -> float:
    """What a grouping of this cost may be above the optimum, and still be called one."""
    absolute, relative, least = _EXACT
    return max(min(absolute, relative * cost_km), least * cost_km, 1e-12)


@dataclass(frozen=True, slots=True)
class Bound:
    """The best bound found and the dual prices that prove it.

    ``least`` (u,) bounds the reduced costs of each root's candidates; ``converged`` tells that the LP is solved;
    ``columns`` are the candidates that its prices asked for.
    """

    km: float
    duals: Duals
    converged: bool
    least: Floats
    columns: Candidates


def lower_bound(
    problem: Problem,
    pricer: Pricer,
    start: Candidates,
    best_km: float,
    clock: Clock,
    report: Callable[[float], None],
    met: Candidates | None = None,
    improve: Callable[[Bound, Candidates, Clock], float] | None = None,
    around: Surroundings | None = None,
    cuts: bool = True,
    gap: float = 0.0,
) -> Bound:
    """Solve the LP, and go on with cuts, as far as ``clock`` allows and the bound is below ``best_km``.

    Args:
        problem: one level.
        pricer: of the same problem.
        start: candidates that hold a grouping leaving as many sites unplaced as ``problem.unplaced``.
        best_km: what the best known grouping costs.
        clock: asked between rounds.
        report: told each better bound, in km.
        met: other candidates worth knowing from the start.
        improve: told the bound before more cuts are made, likely candidates, and a clock, looks for a better grouping
            while cuts are found, and returns what the best one costs in km.
        around: what is around the units of a part, whose prices are to stay.
        cuts: whether there are to be any.
        gap: come to an end where (best_km - bound) / best_km is no more than that.

    """
    lp = _Relaxation(problem, start, clock, around)
    if met is not None:
        lp.meet(Candidates.of(problem.twins.canonical(met), problem.largest))
    # Shares of what a good grouping costs are nearer to the best prices than the first LPs' are.
    begin = Duals.of(shares(problem, start), problem.largest) if around is None else around.beginning
    centre = Point(begin, 0.0, Numbered.first(begin.cuts.price), Numbered.first(begin.areas.price))
    best = Bound(-np.inf, centre.duals, False, np.full(problem.size, -np.inf), start)
    before_cuts = uncut_km = -np.inf
    # A part begins near to its best prices, and its time is short.
    smoothing, share = _SMOOTHING, _NEAR if around is None or not cuts else _CUT_NEAR
    # At first a quick look for candidates does; bounds of unfinished searches hold, though they are weak.
    nodes = min(_FIRST_NODES, pricer.most_nodes)
    while not clock.stopped():
        out, value = lp.solve()
        # Cuts come and go, so they are known by their numbers.
        at = centre.towards(out, 1 - smoothing, lp.cuts, lp.areas) if smoothing else out
        priced = pricer.least(at.duals, nodes)
        km = certified(problem, at.duals, at.unplaced, priced.least)
        if km > best.km:
            best = Bound(km, at.duals, False, priced.least, start)
            centre = at
            report(km)
            if gap and best_km - km <= gap * best_km:
                break
        fresh = lp.meet(priced.candidates)
        found = bool((reduced_costs(problem, fresh, out.duals) < -_NEGATIVE).any())
        deeper = not priced.exact and nodes < pricer.most_nodes
        exact = _CONVERGED * max(abs(value), float(np.abs(out.duals.unit).sum())) + rounding_km(problem, 0.0)
        solved = value - best.km <= max(exact, share * (best_km - value))
        if solved or not (found or smoothing or deeper):
            # If not solved, the pricing at the LP's own prices could not be finished.
            best = replace(best, converged=solved)
            if best_km <= best.km or not solved:
                break
            if cuts and before_cuts == -np.inf:
                lp.meet(listed(pricer, best.duals, best_km - best.km, _SLACKS, _MANY, clock)[0])
            with ThreadPoolExecutor(1) as other, clock.apart() as apart:
                better = other.submit(improve, best, lp.near(best.duals, best_km - best.km), apart) if improve else None
                if better and pricer.workers < 2:
                    better.result()
                worth = cuts and best.km - before_cuts >= _WORTH * (best_km - best.km)
                # In a part, time for cuts is short, and only what is priced with them afterwards is a bound.
                with clock.apart(1.0 if around is None else _CUTTING) as cutting:
                    some = worth and lp.cut(best_km, cutting)
                best_km = better.result() if better else best_km
            clock.spend(apart.spent)
            if worth:
                before_cuts = best.km
            if some:
                share = _CUT_NEAR
                nodes = min(max(nodes, _CUT_NODES), pricer.most_nodes)
            elif share > _NEAR and (worth or around is None):
                share = _NEAR
            else:
                break
            smoothing = 0.0
            if some and uncut_km == -np.inf:
                uncut_km, smoothing = before_cuts, _SMOOTHING
        elif found and before_cuts == -np.inf:
            smoothing = _SMOOTHING
        elif found:
            # Where columns that matter are missing, the LP's own prices are far from any that prove something.
            # Smoothing is no help with later cuts: the best known prices lack those of cuts that do not bind any more.
            wild = before_cuts == uncut_km and km < best.km - (best_km - uncut_km)
            smoothing = _SMOOTHING if wild else 0.0 if smoothing < 0.2 else smoothing / 4
            if deeper and len(fresh) < _LITTLE * problem.size:
                nodes = min(8 * nodes, pricer.most_nodes)
        elif deeper:
            nodes = min(8 * nodes, pricer.most_nodes)
        else:
            # Mispriced at the smoothed point; go nearer to the LP's own prices until something is found there.
            smoothing = 0.0 if smoothing < 0.1 else smoothing / 2
    return replace(best, columns=lp.columns)


class _Relaxation:
    """The LP over all candidates met so far; those that its prices ask for are its columns."""

    def __init__(self, problem: Problem, start: Candidates, clock: Clock, around: Surroundings | None) -> None:
        self._problem = problem
        self._clock = clock
        self._around = around
        self._pool = Candidates.of(problem.twins.canonical(start), problem.largest)
        self._known = {row.tobytes() for row in self._pool.sets}
        self._costs = totals(problem.prices, self._pool.sets, self._pool.counts)
        self._inside = np.ones(len(self._pool), dtype=np.bool_)
        self._order = np.arange(len(self._pool))
        none = Areas.none(problem.size, problem.largest)
        self._master = Master(problem, self._pool, None, NO_CUTS, none, clock, around)

    @property
    def cuts(self) -> Rows:
        """The cuts so far."""
        return self._master.cuts

    @property
    def areas(self) -> Areas:
        """The areas so far."""
        return self._master.areas

    @property
    def columns(self) -> Candidates:
        """Those met that prices asked for."""
        return self._pool[np.flatnonzero(self._inside)]

    def meet(self, candidates: Candidates) -> Candidates:
        """Take in candidates; those that were not known before."""
        fresh = []
        for k, row in enumerate(candidates.sets):
            key = row.tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(k)
        chosen = candidates[np.array(fresh, dtype=np.int64)]
        self._pool = Candidates(
            np.concatenate([self._pool.sets, chosen.sets]), np.concatenate([self._pool.counts, chosen.counts])
        )
        costs = totals(self._problem.prices, chosen.sets, chosen.counts)
        self._costs = np.concatenate([self._costs, costs])
        self._inside = np.concatenate([self._inside, np.zeros(len(chosen), dtype=np.bool_)])
        return chosen

    def near(self, duals: Duals, slack: float) -> Candidates:
        """Those met that ``duals`` price below ``slack``."""
        worth = duals.worth(self._pool, self._problem.prices.weight)
        return self._pool[np.flatnonzero(self._costs - worth < slack)]

    def solve(self, rounds: int | None = None) -> tuple[Point, float]:
        """(dual prices, value in km) of the LP over all of them, or after so many ``rounds`` of taking columns in."""
        for done in count():
            point, value = self._master.solve()
            self._clock.spend(_LOOK * len(self._pool))
            reduced = self._costs - point.duals.worth(self._pool, self._problem.prices.weight)
            missing = np.flatnonzero((reduced < -_NEGATIVE) & ~self._inside)
            if not len(missing) or done == rounds:
                break
            chosen = missing[np.argsort(reduced[missing], kind="stable")[: 2 * self._problem.size + _ADDED]]
            self._master.add(self._pool[chosen])
            self._inside[chosen] = True
            self._order = np.concatenate([self._order, chosen])
        return point, value

    def _tidy(self) -> None:
        """Take out of the LP what it can do without for now; where nothing is around, for others' cuts must stay."""
        if self._around is not None:
            return
        stay = self._master.tidy(_KEPT * self._problem.size)
        self._order = self._order[stay]
        self._inside[:] = False
        self._inside[self._order] = True

    def cut(self, best_km: float, clock: Clock) -> bool:
        """Add cuts as long as they close much of what is between the LP and the best cost; whether there were any."""
        _, before = self.solve()
        some = False
        stale = 0
        for done in count(1):
            if clock.stopped() or self._clock.stopped() or not self._master.cut(wider=False):
                break
            some = True
            spent = self._clock.spent
            # What columns are still missing hardly tells which cuts are.
            _, value = self.solve(rounds=1)
            if done % _TIDY == 0:
                self._tidy()
            clock.spend(self._clock.spent - spent)
            stale = stale + 1 if value - before < _WORTH * (best_km - value) else 0
            if stale > _STALE or value >= best_km:
                break
            before = value
        self._tidy()
        return some


def certified(problem: Problem, duals: Duals, unplaced: float, least: Floats) -> float:
    """The bound in km that dual prices prove when ``least`` (u,) bounds the reduced costs of each root's candidates.

    There are at most ``problem.most`` communities, so no more than so many roots can count.
    """
    weight = problem.prices.weight
    roots = np.sort(np.minimum(least, 0.0))[: problem.most]
    count = problem.fewest if duals.community > 0 else problem.most
    terms = [
        duals.unit.sum(),
        duals.community * count,
        -duals.cuts.worth,
        -duals.areas.worth,
        -duals.border.price * (problem.crossing or 0),
        unplaced * problem.unplaced,
        roots.sum(),
    ]
    if problem.unplaced:
        every = np.arange(problem.size)[:, None]
        alone = area_tolls(duals.areas.tolls, weight, every, np.ones(problem.size, dtype=np.int64))
        terms.append(np.minimum(problem.prices.apart - duals.unit - unplaced * weight + alone, 0.0).sum())
    sizes = np.abs(duals.unit).sum() + np.abs(roots).sum() + sum(map(abs, terms))
    return float(sum(terms) - rounding_km(problem, float(sizes)))


def rounding_km(problem: Problem, sizes: float) -> float:
    """What is taken off a bound for rounding, whose terms have such ``sizes`` in km, all added up."""
    return float(_ROUNDING * sizes + _CANCELLED * problem.prices.apart.sum())


def shares(problem: Problem, grouping: Candidates) -> Floats:
    """(u,) km: what each community of ``grouping`` costs, shared among its units by weight; links by whose they are."""
    prices = problem.prices
    home = np.full(problem.size, -1)
    for number, members in enumerate(grouping):
        home[list(members)] = number
    rows, others, km = prices.pair.rows, prices.pair.other, prices.pair.km
    together = (home[rows] == home[others]) & (rows != others)
    linked = prices.by_itself + 0.5 * np.bincount(rows[together], weights=km[together], minlength=problem.size)
    share = np.zeros(problem.size)
    costs = totals(prices, grouping.sets, grouping.counts)
    for members, cost in zip(grouping, costs, strict=True):
        own, weight = linked[list(members)], prices.weight[list(members)]
        share[list(members)] = own + (cost - own.sum()) * weight / weight.sum()
    return problem.twins.mean(share)


def reduced_costs(problem: Problem, candidates: Candidates, duals: Duals) -> Floats:
    """(m,) km: what candidates cost, with their cuts, less the prices of their units and of a community."""
    return np.asarray(
        totals(problem.prices, candidates.sets, candidates.counts) - duals.worth(candidates, problem.prices.weight)
    )
