"""The catalogue: both languages, the same values, every key that the code uses."""

import re
import string
from pathlib import Path

import pytest

import grouping
from grouping.messages import LANGS, catalogue, message, say

PACKAGE = Path(grouping.__file__).parent


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_each_message_says_the_same_in_both_languages(key: str) -> None:
    templates = catalogue()[key]
    assert set(templates) == set(LANGS)
    assert all(templates.values())
    assert placeholders(templates["zh"]) == placeholders(templates["en"])


def test_messages_nest_in_the_language_of_the_outer_one() -> None:
    outer = message("where.problem", where="x", what=message("level.county"))
    assert outer.text("zh") == "x：区县级"
    assert outer.text("en") == "x: county"
    assert say("where.problem", "en", where=[message("level.county"), "b"], what="") == "county, b: "


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    used = {
        key
        for path in PACKAGE.rglob("*.py")
        for key in re.findall(r"\b(?:message|say)\(\s*\"([a-z_]+\.[a-z_0-9]+)\"", path.read_text("utf-8"))
    }
    assert used <= set(catalogue())
