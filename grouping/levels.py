"""The four administrative levels of the project (管理办法, Article 11)."""

from __future__ import annotations

from enum import StrEnum


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
