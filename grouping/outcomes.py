"""What an audit comes to: the outcome of each rule, and what each community is and costs."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.cost import Cost
from grouping.levels import Level
from grouping.messages import Message


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of one rule.

    ``broken`` names each thing that does not keep it. A rule that is not ``hard`` may be broken at the price
    ``cost_km``, which is None where a rule has no price.
    """

    rule: str
    title: Message
    article: str | None
    hard: bool
    broken: tuple[Message, ...]
    cost_km: float | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the rule."""
        return not self.broken


@dataclass(frozen=True, slots=True)
class CommunityAudit:
    """What one community is and costs. ``size`` counts all that is written as a member, known or not."""

    label: str
    levels: tuple[Level, ...]
    size: int
    regions: tuple[str, ...]
    cost: Cost


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of every rule, and what the grouping costs in all and community by community."""

    rules: tuple[RuleOutcome, ...]
    communities: tuple[CommunityAudit, ...]
    unplaced: tuple[str, ...]
    cost: Cost

    @property
    def passed(self) -> bool:
        """Whether no hard rule is broken."""
        return all(rule.passed for rule in self.rules if rule.hard)
