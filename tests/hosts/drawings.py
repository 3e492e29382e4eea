"""Drawings with embedded pictures, as Inkscape has them."""

from __future__ import annotations

import base64
from typing import Any
from xml.etree import ElementTree

from numpy.typing import NDArray

from matteplug.images import decoder, encoding

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     width="{width}" height="{height}" viewBox="0 0 {width} {height}">{content}</svg>
"""


def picture(image: NDArray[Any], id: str = "cat", **attributes: object) -> str:
    """Return an image element with an embedded PNG file, a unit a pixel."""
    height, width = image.shape[:2]
    given: dict[str, object] = {
        "x": 0,
        "y": 0,
        "width": width,
        "height": height,
        "preserveAspectRatio": "none",
    }
    given |= {"xlink:href": data_url(image)} | attributes
    text = " ".join(f'{name}="{value}"' for name, value in given.items() if value != "")
    return f'<image id="{id}" {text}/>'


def data_url(image: NDArray[Any]) -> str:
    data = base64.b64encode(encoding.encode(image, ".png")).decode()
    return f"data:image/png;base64,{data}"


def pixels_of(element: ElementTree.Element) -> NDArray[Any]:
    data = base64.b64decode(element.attrib[HREF].partition(",")[2])
    return decoder.decode(data, "result").array
