"""Bakes the fonts that the window ships from the upstream releases.

egui lays glyphs out by character and reaches no OpenType feature, so the two
features the window needs are written into the character map:

* `tnum`, for the ten digits: one width, so that numbers line up in columns
* `cv11`: the single-storey a, which keeps 11 and 12 point text open

    python bake.py INTER_WOFF2_FOLDER JETBRAINS_TTF_FOLDER

Needs fonttools and brotli.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
# Latin, Greek, Cyrillic, punctuation, currency, arrows, mathematics, shapes. Other
# scripts come from the system's fonts.
RANGES = [
    (0x0020, 0x052F), (0x1E00, 0x1FFF), (0x2000, 0x20CF), (0x2100, 0x23FF),
    (0x2500, 0x27BF), (0xFB00, 0xFB06), (0xFFFD, 0xFFFD),
]


def substitutes(font: TTFont, feature: str) -> dict[str, str]:
    """The one-to-one substitutions of an OpenType feature, by glyph name."""
    gsub = font["GSUB"].table
    lookups = {
        index
        for record in gsub.FeatureList.FeatureRecord
        if record.FeatureTag == feature
        for index in record.Feature.LookupListIndex
    }
    swap: dict[str, str] = {}
    for index in sorted(lookups):
        for table in gsub.LookupList.Lookup[index].SubTable:
            table = getattr(table, "ExtSubTable", table)
            if table.LookupType == 1:
                swap.update(table.mapping)
    return swap


def bake(font: TTFont, feature: str, codes: range | None = None) -> None:
    """Points each character (of `codes`) at the glyph the feature would put in its place."""
    swap = substitutes(font, feature)
    for cmap in font["cmap"].tables:
        for code, name in list(cmap.cmap.items()):
            if codes is None or code in codes:
                cmap.cmap[code] = swap.get(name, name)


def subset(font: TTFont) -> None:
    options = Options()
    # The shaper kerns and places marks; ligatures would hide what was typed.
    options.layout_features = ["ccmp", "kern", "locl", "mark", "mkmk"]
    options.hinting = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
    subsetter.subset(font)


def main(inter: Path, mono: Path) -> None:
    for weight in ("Regular", "Medium", "SemiBold"):
        font = TTFont(inter / f"Inter-{weight}.woff2")
        bake(font, "tnum", range(0x30, 0x3A))
        bake(font, "cv11")
        subset(font)
        font.flavor = None
        font.save(HERE / f"Inter-{weight}.ttf")
    for weight in ("Regular", "Medium"):
        font = TTFont(mono / f"JetBrainsMono-{weight}.ttf")
        subset(font)
        font.save(HERE / f"JetBrainsMono-{weight}.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
