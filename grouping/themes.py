"""Themes (共建项目, Article 17(2)): which one a text means, and which one serves a community best.

They stand in ``data/themes/``, whose README says where they come from.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from grouping.datafiles import DATA
from grouping.headers import folded
from grouping.messages import Lang
from grouping.sites import Site

_SEPARATORS = re.compile(r"[；;、,，/／\n]")
_NO_PREFERENCE = frozenset(
    folded(word)
    for words in (
        "无 没有 暂无 无意向 不限 不限定 均可 都可 都可以 皆可 任意 随意 任选 无所谓 服从安排 服从调配 待定 未定",
        "— none any no nothing",
    )
    for word in words.split()
)
"""What stands for no preference, folded."""
_SHORT = 2, 6
"""So many Chinese or other characters of a name, at least, are a short form of it, if of no other."""
_NEAREST = 3
"""How many names are told to whoever wrote an unknown one."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme, with the other names that lists may use."""

    id: str
    zh: str
    en: str
    short: tuple[str, ...]

    def text(self, lang: Lang = "zh") -> str:
        """What the policy calls it, or what that is in English."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Unknown:
    """A text that means no theme, or several, and the names ``near`` to it."""

    text: str
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The theme that serves a community best.

    ``best`` is the id of it, first, and of those that serve it as well; () if no member has a preference. ``listed`` is
    how many members list it, of those ``asking`` that list any.
    """

    best: tuple[str, ...]
    listed: int
    asking: int

    @property
    def theme(self) -> str | None:
        """The id of the theme, the earliest in the policy of several that serve as well."""
        return self.best[0] if self.best else None


@cache
def themes() -> dict[str, Theme]:
    """The themes by id, in the order of the policy."""
    with (DATA / "themes" / "themes.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["id"]: Theme(row["id"], row["中文"], row["English"], tuple(row["简称"].split("；")))
            for row in csv.DictReader(stream)
        }


def listed_themes(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[Unknown, ...]]:
    """The ids of the themes that cells list, in order of preference, each once; and what is unknown in them.

    A cell may list several, separated by any of ；;、,/ or line ends. What means no preference is no theme.
    """
    found: dict[str, None] = {}
    unknown: list[Unknown] = []
    for text in texts:
        for part in _SEPARATORS.split(text):
            if not folded(part) or folded(part) in _NO_PREFERENCE:
                continue
            theme = find_theme(part)
            if isinstance(theme, Unknown):
                unknown.append(theme)
            else:
                found[theme] = None
    return tuple(found), tuple(unknown)


def find_theme(text: str) -> str | Unknown:
    """The id of the theme that a text means: by its id, its name in either language, or a part of one name alone."""
    names = _names()
    key = folded(text)
    # 3. 老年教育 and 项目三 are written by numbers, but 3 means the same.
    for form in (key, re.sub(r"^\d+[.．)）]?", "", key), re.sub(r"^(项目|主题|theme)", "", key)):
        if form in names:
            return names[form]
    least = _SHORT[1] if key.isascii() else _SHORT[0]
    within = {id_ for name, id_ in names.items() if len(key) >= least and key in name}
    if len(within) == 1:
        return within.pop()
    every = {folded(theme.zh): theme.zh for theme in themes().values()}
    near = process.extract(key, list(every), scorer=fuzz.WRatio, limit=_NEAREST)
    return Unknown(text.strip(), tuple(every[name] for name, _, _ in near))


@cache
def _names() -> dict[str, str]:
    """The ids by everything that names a theme, folded."""
    numbers = dict(zip("一二三四五六七八九", "123456789", strict=True))
    names = {number: id_ for number, id_ in numbers.items() if id_ in themes()}
    for theme in themes().values():
        names |= {folded(name): theme.id for name in (theme.id, theme.zh, theme.en, *theme.short)}
    return names


def choice(members: Sequence[Site]) -> Choice:
    """The theme that most of the members list; of these the one that stands earliest in their preferences.

    Earliest is what most list first; if as many do, what most list second; and so on.
    """
    lists = [site.themes for site in members if site.themes]
    ranks: dict[str, list[int]] = {}
    longest = max(map(len, lists), default=0)
    for wanted in lists:
        for rank, theme in enumerate(wanted):
            ranks.setdefault(theme, [0] * longest)[rank] += 1
    if not ranks:
        return Choice((), 0, 0)
    served = {theme: (sum(counts), counts) for theme, counts in ranks.items()}
    best = max(served.values())
    return Choice(tuple(sorted(theme for theme in served if served[theme] == best)), best[0], len(lists))
