"""The vocabulary of the sample, read once from words.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any


@cache
def words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def pick(shares: Mapping[str, float], rng: Random) -> str:
    """A key, as often as its share of all."""
    mark = rng.random() * sum(shares.values())
    for key, share in shares.items():
        mark -= share
        if mark < 0:
            return key
    return key  # rounding took the last crumb
