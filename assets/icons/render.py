#!/usr/bin/env python3
"""Render every icon file from the two SVG sources beside this script.

Needs rsvg-convert (Debian: librsvg2-bin) and Pillow. Run it after a change to
atelier.svg or atelier-small.svg and commit what it writes:
  16.png ... 1024.png   Linux icon theme, the window's own icon
  atelier.ico           Windows
  atelier.icns          macOS
"""

import io
import struct
import subprocess
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
SIZES = (16, 24, 32, 48, 64, 96, 128, 256, 512, 1024)
SMALL = 32  # Up to this size the sources differ: thin lines would blur.
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
# Types of the icns container that hold PNG data, with their side in pixels.
ICNS_TYPES = ((b"icp4", 16), (b"icp5", 32), (b"ic11", 32), (b"ic12", 64),
              (b"ic07", 128), (b"ic13", 256), (b"ic08", 256), (b"ic14", 512),
              (b"ic09", 512), (b"ic10", 1024))


def render(size: int) -> bytes:
    """One PNG of `size` x `size` pixels, without metadata so that it is reproducible."""
    source = HERE / ("atelier-small.svg" if size <= SMALL else "atelier.svg")
    raw = subprocess.run(["rsvg-convert", "-w", str(size), "-h", str(size), source],
                         check=True, stdout=subprocess.PIPE).stdout
    out = io.BytesIO()
    Image.open(io.BytesIO(raw)).convert("RGBA").save(out, "PNG", optimize=True)
    return out.getvalue()


def icns(pngs: dict[int, bytes]) -> bytes:
    """An icns file: big-endian (type, length, PNG) entries behind one header."""
    body = b"".join(kind + struct.pack(">I", 8 + len(pngs[size])) + pngs[size]
                    for kind, size in ICNS_TYPES)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def ico(pngs: dict[int, bytes]) -> bytes:
    """A Windows icon whose images are PNG; a side of 256 is written as 0."""
    offset = 6 + 16 * len(ICO_SIZES)
    head, body = struct.pack("<HHH", 0, 1, len(ICO_SIZES)), b""
    for size in ICO_SIZES:
        side = size % 256
        head += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(pngs[size]), offset + len(body))
        body += pngs[size]
    return head + body


def main() -> None:
    pngs = {size: render(size) for size in SIZES}
    for size, png in pngs.items():
        (HERE / f"{size}.png").write_bytes(png)
    (HERE / "atelier.ico").write_bytes(ico(pngs))
    (HERE / "atelier.icns").write_bytes(icns(pngs))
    # Both containers must open again.
    assert Image.open(HERE / "atelier.ico").info["sizes"] == {(s, s) for s in ICO_SIZES}
    assert (1024, 1024) in {(w * d, h * d) for w, h, d in Image.open(HERE / "atelier.icns").info["sizes"]}


if __name__ == "__main__":
    main()
