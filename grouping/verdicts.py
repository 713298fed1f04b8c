"""What an audit found, in words."""

from __future__ import annotations

from grouping.check import CheckReport, RuleOutcome
from grouping.cost import Cost
from grouping.messages import Message, message
from grouping.numbers import km_text

_MOST_LINES = 20
"""How many findings of one rule are told in words; the audit itself has all."""


def findings(rule: RuleOutcome) -> list[Message]:
    """What breaks a rule, as far as anyone would read."""
    more = len(rule.broken) - _MOST_LINES
    return [*rule.broken[:_MOST_LINES], *([message("check.more", count=more)] if more > 0 else [])]


def mark(rule: RuleOutcome) -> str:
    """One sign for what became of a rule: kept, broken, or set aside at a price."""
    return "✓" if rule.passed else "✗" if rule.hard else "△"


def rule_name(rule: RuleOutcome) -> Message:
    """The rule with its article."""
    if rule.article is None:
        return rule.title
    return message("check.with_article", rule=rule.title, article=rule.article.split(", "))


def outcome(rule: RuleOutcome) -> Message:
    """What became of a rule, and at what price."""
    if rule.passed:
        return message("check.kept")
    if rule.hard or rule.cost_km is None:
        return message("check.broken", count=len(rule.broken))
    return message("check.broken_at_a_price", count=len(rule.broken), km=km_text(rule.cost_km))


def cost_line(cost: Cost) -> Message:
    """A cost and its parts."""
    parts = {name: km_text(km) for name, km in cost.parts().items()}
    return message("check.cost", total=km_text(cost.total_km), **parts)


def verdict(report: CheckReport) -> Message:
    """Whether the grouping may stand."""
    count = sum(rule.hard and not rule.passed for rule in report.rules)
    return message("check.fails", count=count) if count else message("check.passes")
