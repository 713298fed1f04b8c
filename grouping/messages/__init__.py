"""The one catalogue of user-facing text: Chinese first, English too.

The texts are the TOML files of this folder, one a room of the program: a table per message, with a
``zh`` and an ``en`` template. Nothing else in the package holds text that a user reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol, get_args, runtime_checkable

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


@cache
def catalogue() -> Mapping[str, Mapping[Lang, str]]:
    """Every message by its dotted key, ``file.table``, with its template in each language."""
    texts: dict[str, Mapping[Lang, str]] = {}
    for entry in resources.files(__name__).iterdir():
        if entry.name.endswith(".toml"):
            room = entry.name.removesuffix(".toml")
            for name, template in tomllib.loads(entry.read_text("utf-8")).items():
                texts[f"{room}.{name}"] = template
    return texts


@dataclass(frozen=True, slots=True)
class Message:
    """A text to be, kept as key and values until somebody's language is known.

    Values that have a ``text`` in each language (messages, places, problems), or sequences of them, are put into
    the same language.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: Lang = "zh") -> str:
        """The text in ``lang``."""
        return say(self.key, lang, **self.values)

    def __str__(self) -> str:
        return self.text()


def message(key: str, /, **values: Any) -> Message:
    """A message of the catalogue with its values."""
    return Message(key, values)


def say(key: str, lang: Lang = "zh", /, **values: Any) -> str:
    """The text of ``key`` in ``lang`` with the values filled in."""
    return catalogue()[key][lang].format(**{name: _in_language(value, lang) for name, value in values.items()})


@runtime_checkable
class _Text(Protocol):
    def text(self, lang: Lang) -> str: ...


def _in_language(value: Any, lang: Lang) -> Any:
    if isinstance(value, _Text):
        return value.text(lang)
    if isinstance(value, list | tuple):
        return ("、" if lang == "zh" else ", ").join(str(_in_language(item, lang)) for item in value)
    return value
