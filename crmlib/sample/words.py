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
    return rng.choices(tuple(shares), tuple(shares.values()))[0]
