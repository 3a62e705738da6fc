"""The fonts of the package `pylopdf-fonts-zh-cn`: where they are, what they can show, and small parts of them to embed."""

import base64
import io
from functools import cache, lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn as zh_cn

SANS, SERIF = "Noto Sans SC", "Noto Serif SC"
MISSING = "〓"  # the printers' mark for a character that the font lacks
FOLDER = Path(zh_cn.sans_path()).parent
PATHS = {SANS: Path(zh_cn.sans_path()), SERIF: Path(zh_cn.serif_path())}


@cache
def glyphs(family: str = SANS) -> frozenset[str]:
    """The characters that a family can show."""
    from fontTools.ttLib import TTFont

    with TTFont(PATHS[family], lazy=True) as font:
        font.setGlyphOrder(
            list(map(str, range(font["maxp"].numGlyphs)))
        )  # their names are not asked for; to read them takes long
        return frozenset(map(chr, font.getBestCmap()))


def printable(text: str) -> str:
    """`text` with 〓 for what the fonts lack (emoji, rare ideographs): neither Typst nor SVG would say that one is missing."""
    known = glyphs()
    return "".join(c if c in known or c in "\n\t" else MISSING for c in text)


@lru_cache(maxsize=8)
def subset_woff(family: str, characters: str) -> str:
    """The glyphs of `characters` (sorted, each once) as a WOFF font in base64. WOFF2 is 10 % smaller and five
    times slower; taking the hints out is 15 % smaller and a third slower."""
    from fontTools import subset

    options = subset.Options(flavor="woff", layout_features=["kern"], notdef_outline=True)
    options.drop_tables += ["BASE", "DSIG", "GDEF", "GSUB", "VORG", "vhea", "vmtx"]
    with subset.load_font(str(PATHS[family]), options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=characters)
        subsetter.subset(font)
        out = io.BytesIO()
        subset.save_font(font, out, options)
    return base64.b64encode(out.getvalue()).decode("ascii")


def embed(family: str, text: str) -> str:
    """An @font-face rule with what `text` needs of `family`."""
    characters = "".join(sorted(set(text) & glyphs(family)))
    url = f"data:font/woff;base64,{subset_woff(family, characters)}"
    return f'@font-face{{font-family:"{family}";src:url({url}) format("woff");font-display:block}}'
