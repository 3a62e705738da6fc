from itertools import combinations

import pytest

from crmlib.report.style import DARK, LIGHT, TIERS, series_colors, theme_svg, tier_color

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
SIGHTS = {
    "deuteranopia": [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)],
    "protanopia": [(0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)],
    "full": [(1, 0, 0), (0, 1, 0), (0, 0, 1)],
}


def linear(color: str) -> list[float]:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(a: str, b: str) -> float:
    light, dark = sorted(
        (sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (a, b)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def seen(color: str, sight: str) -> list[float]:
    return [max(0, sum(w * p for w, p in zip(row, linear(color), strict=True))) ** (1 / 2.4) for row in SIGHTS[sight]]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("dimension", TIERS)
def test_tiers_stay_apart_for_every_eye(palette, sight, dimension):
    colors = [palette[f"{dimension}_{label}"] for label in TIERS[dimension]]
    for a, b in combinations(colors, 2):
        assert sum((x - y) ** 2 for x, y in zip(seen(a, sight), seen(b, sight), strict=True)) ** 0.5 > 0.14


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("text", ["ink", "muted", "accent", "good", "bad"])
def test_text_has_aa_contrast_by_day_and_by_night(palette, ground, text):
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_words_on_tinted_ground_can_be_read(palette):
    for tint in ("good_tint", "bad_tint", "warn_tint"):
        assert contrast(palette["ink"], palette[tint]) >= 4.5


def test_a_colour_means_one_thing_so_a_chart_can_follow_the_page():
    assert len(set(LIGHT.values())) == len(LIGHT)
    assert set(DARK) == set(LIGHT)
    assert theme_svg(f"fill: {LIGHT['value_high']}") == "fill: var(--value-high)"


def test_the_unknown_is_grey_wherever_it_stands():
    assert series_colors(["unknown", "a", "b"])[0] == LIGHT["unknown"]
    assert len(series_colors("abcdefgh")) == 8
    assert tier_color("value", "none") == LIGHT["unknown"]
