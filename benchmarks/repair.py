"""Makes a clustering valid: communities that are too small join others or take over members of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.instances import Instance

_NEAR = 50
"""Sites near a community whose communities are looked at."""


def repaired(instance: Instance, communities: Iterable[Sequence[int]]) -> list[list[int]]:
    """The communities with none below the smallest size, changed where that costs least.

    While one is too small, it joins another that has room for it, or takes over a member of one that can spare it.
    One of the two is possible as long as there are sites enough and the largest size is at least twice the smallest
    less one.

    Args:
        instance: the sites and sizes.
        communities: a partition of the sites, none above the largest size.

    """
    size = instance.scenario.size
    weights = instance.weights
    cost = instance.problem.terms.cost
    groups = {number: list(members) for number, members in enumerate(communities)}
    home = np.empty(instance.size, dtype=np.int64)
    for number, members in groups.items():
        home[members] = number

    def km(members: Sequence[int]) -> float:
        return cost(members).total_km

    while short := [number for number, members in groups.items() if len(members) < size.min]:
        if len(groups) == 1:
            break
        small = min(short, key=lambda number: (len(groups[number]), number))
        members = groups[small]
        others = [site for site in np.argsort(weights[members].mean(axis=0), kind="stable") if home[site] != small]
        choices: list[tuple[float, int, int | None]] = []
        for reach in (others[:_NEAR], others):
            for number in dict.fromkeys(home[reach].tolist()):
                if len(groups[number]) + len(members) <= size.max:
                    added = km(groups[number] + members) - km(groups[number]) - km(members)
                    choices.append((added, number, None))
            for site in map(int, reach):
                number = int(home[site])
                if len(groups[number]) > size.min:
                    rest = [one for one in groups[number] if one != site]
                    added = km(rest) - km(groups[number]) + km([*members, site]) - km(members)
                    choices.append((added, number, site))
            if choices:
                break
        if not choices:
            break
        _, number, joining = min(choices, key=lambda choice: choice[0])
        if joining is None:
            groups[number] += members
            home[members] = number
            del groups[small]
        else:
            groups[number].remove(joining)
            members.append(joining)
            home[joining] = small
    return list(groups.values())
