"""Markdown from texts that are not."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Text from a list as Markdown that shows it as it is."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())
