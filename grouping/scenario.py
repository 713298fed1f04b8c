"""Scenarios: every choice that is not in the lists, each with its unit, its default and its bounds.

A scenario is a TOML file that may extend another. What a user reads about a value stands in
``messages/scenario.toml`` under the value's own key; the models take their descriptions from there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from grouping.messages import Message, message, say

POLICY_SIZE = (3, 10)
"""Fewest and most members of a community (管理办法, Article 12)."""

Measure = Literal["rotating", "hosted", "pairwise"]
"""What travel means: the members host in turn, the lead unit hosts, or every pair counts."""


def _field(key: str, unit: str | None, default: Any, **bounds: float) -> Any:
    about = say(f"scenario.{key}", "en")
    return Field(default, description=about, json_schema_extra={"unit": unit}, ge=bounds.get("ge"), le=bounds.get("le"))


def _km(key: str, default: float) -> Any:
    return _field(key, "km", default, ge=0, le=1_000_000)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Size(_Section):
    """How many members a community has.

    The policy allows 3 to 10. The bounds here are wider, so that an analyst can ask what the rule costs;
    :func:`policy_remarks` says when a scenario has left the policy.
    """

    min: int = _field("size.min", "members", POLICY_SIZE[0], ge=2, le=12)
    max: int = _field("size.max", "members", POLICY_SIZE[1], ge=2, le=12)
    preferred: int = _field("size.preferred", "members", 6, ge=2, le=12)
    km: float = _km("size.km", 150.0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.preferred <= self.max:
            raise PydanticCustomError("size_order", "size.min <= size.preferred <= size.max does not hold")
        return self


class Limits(_Section):
    """How many communities a level has, and how many of them may lie across macro-regions.

    Each level keeps them by itself, but for one that has too few sites for a community. They bind; but no site is
    left without a community for their sake.
    """

    fewest: int = _field("communities.fewest", "communities", 0, ge=0, le=100_000)
    most: int = _field("communities.most", "communities", 0, ge=0, le=100_000)
    cross_region_most: int = _field("communities.cross_region_most", "communities", -1, ge=-1, le=100_000)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.most and self.fewest > self.most:
            raise PydanticCustomError("communities_order", "communities.fewest <= communities.most does not hold")
        return self


class Travel(_Section):
    """What a journey counts."""

    measure: Measure = _field("travel.measure", None, "rotating")
    cross_region_km: float = _km("travel.cross_region_km", 200.0)
    regions: Annotated[str, Field(min_length=1)] = _field("travel.regions", None, "default")


class LinkPrices(_Section):
    """What it costs not to honour a link that is not a must."""

    pairing_km: float = _km("links.pairing_km", 300.0)
    counterpart_km: float = _km("links.counterpart_km", 300.0)
    wish_km: float = _km("links.wish_km", 50.0)
    avoid_km: float = _km("links.avoid_km", 300.0)
    province_relations: bool = _field("links.province_relations", None, False)


class Terms(_Section):
    """What last year's communities are owed (管理办法, Article 16: a term is three years)."""

    year: int = _field("terms.year", None, 0, ge=0, le=2999)
    years: int = _field("terms.years", "years", 3, ge=1, le=20)
    running: Literal["must", "priced"] = _field("terms.running", None, "must")
    ended: Literal["free", "priced"] = _field("terms.ended", None, "free")
    keep_together_km: float = _km("terms.keep_together_km", 50.0)


class Themes(_Section):
    """What it costs that a community runs a theme which a member did not list."""

    km: float = _km("themes.km", 50.0)


class Leads(_Section):
    """Who leads a community."""

    members_per_vice: int = _field("leads.members_per_vice", "members", 4, ge=0, le=12)
    prefer_demonstration: bool = _field("leads.prefer_demonstration", None, False)
    required: bool = _field("leads.required", None, False)


class Stop(_Section):
    """When the search is good enough."""

    gap: float = _field("stop.gap", "fraction", 0.0, ge=0, le=1)
    seconds: float = _field("stop.seconds", "seconds", 300.0, ge=0.1, le=604_800)
    work: float = _field("stop.work", "work", 0.0, ge=0, le=604_800)


class Scenario(_Section):
    """All choices of a run. Prices are kilometres of travel to one meeting, or the unit of the matrix given."""

    name: Annotated[str, Field(min_length=1)] = _field("name", None, "base")
    seed: int = _field("seed", None, 1, ge=0, le=2**31 - 1)
    size: Size = Size()
    communities: Limits = Limits()
    travel: Travel = Travel()
    themes: Themes = Themes()
    leads: Leads = Leads()
    links: LinkPrices = LinkPrices()
    terms: Terms = Terms()
    stop: Stop = Stop()


def policy_remarks(scenario: Scenario) -> tuple[Message, ...]:
    """Where ``scenario`` allows what the policy does not (Article 12: 3 to 10 members)."""
    low, high = POLICY_SIZE
    if low <= scenario.size.min and scenario.size.max <= high:
        return ()
    size = scenario.size
    return (message("scenario.outside_policy", min=size.min, max=size.max, low=low, high=high),)
