"""The four administrative levels of the project (管理办法, Article 11)."""

from __future__ import annotations

from enum import StrEnum

from grouping.messages import Message, message


class Level(StrEnum):
    """Administrative level of a site; a community is of one level."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    TOWNSHIP = "township"

    @property
    def rank(self) -> int:
        """Position from the top: 0 for a province, 3 for a township."""
        return list(Level).index(self)

    @property
    def label(self) -> Message:
        """The level in words."""
        return _LABELS[self]


_LABELS = {
    Level.PROVINCE: message("level.province"),
    Level.PREFECTURE: message("level.prefecture"),
    Level.COUNTY: message("level.county"),
    Level.TOWNSHIP: message("level.township"),
}
