"""Colour profiles: ICC profiles for marks that are none, and gray through its profile.

EXIF's Adobe RGB, PNG's gAMA, cHRM and cICP, and AVIF's nclx box say how colours are meant without
an ICC profile.  `from_marks` writes the matrix profile that says the same (ICC.1:2001-04).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matteplug.images import pixels
from matteplug.images.srgb import linear_from_srgb, srgb_from_linear

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_BT709_TO_D50 = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
"""XYZ of the primaries of sRGB under D50 (Lindbloom, by Bradford's adaptation)."""
_D65 = (0.3127, 0.3290)
SRGB_CURVE = 0.0
"""Stands for the sRGB curve among exponents."""

Chromaticities = tuple[tuple[float, float], ...]
"""x and y of white, red, green and blue."""

BT709: Chromaticities = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_RGB: Chromaticities = (_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_PRIMARIES: dict[int, tuple[str, Chromaticities]] = {  # ITU-T H.273, table 2
    1: ("BT.709", BT709),
    5: ("BT.601 (625 lines)", (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06))),
    6: ("BT.601 (525 lines)", (_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07))),
    9: ("BT.2020", (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: ("DCI P3", ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    12: ("Display P3", (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
_TRANSFERS: dict[int, float] = {  # table 3; video curves are shown with the exponent of BT.1886
    1: 2.4,
    4: 2.2,
    5: 2.8,
    6: 2.4,
    8: 1.0,
    13: SRGB_CURVE,
    14: 2.4,
    15: 2.4,
}
_UNSPECIFIED = 2
_HDR = {16: "PQ", 18: "HLG"}


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a file's colour marks mean.

    Attributes:
        icc: the profile that says the same; None for sRGB.
        notes: what a user should know.
    """

    icc: bytes | None = None
    notes: tuple[str, ...] = ()


def from_gamma_and_primaries(gamma: float | None, xy: Chromaticities | None) -> Meaning:
    """Return what PNG's gAMA and cHRM mean, either of which may be missing.

    Args:
        gamma: the exponent of decoding, about 2.2; None for the sRGB curve.
        xy: the chromaticities; None for sRGB's.
    """
    if gamma is not None and not 0.1 < gamma < 10:
        return Meaning(notes=("The picture's gamma mark makes no sense and was left out.",))
    curve = SRGB_CURVE if gamma is None or abs(gamma - 2.2) < 0.01 else gamma
    if xy is None or np.abs(np.subtract(xy, BT709)).max() < 2e-3:
        xy = BT709
    if xy is BT709 and curve == SRGB_CURVE:
        return Meaning()
    return _described("gamma and primaries", xy, gamma or curve)


def from_adobe_rgb() -> Meaning:
    """Return what EXIF's mark for Adobe RGB (1998) means."""
    return _described("Adobe RGB", ADOBE_RGB, 563 / 256)


def from_code_points(primaries: int, transfer: int) -> Meaning:
    """Return what the code points of ITU-T H.273 mean, as cICP and nclx hold them."""
    if _UNSPECIFIED in (primaries, transfer):
        return Meaning()
    if transfer in _HDR:
        return Meaning(
            notes=(
                f"The picture is HDR ({_HDR[transfer]}); its values were kept, but not what they "
                "mean.",
            )
        )
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return Meaning(notes=("The picture's colour marks are of an unknown kind.",))
    name, xy = _PRIMARIES[primaries]
    curve = _TRANSFERS[transfer]
    if (primaries, curve) == (1, SRGB_CURVE):
        return Meaning()
    return _described(name, xy, curve)


def _described(name: str, xy: Chromaticities, exponent: float) -> Meaning:
    try:
        icc = matrix_profile(f"{name} (as marked in the picture)", xy, exponent)
    except (np.linalg.LinAlgError, struct.error, ZeroDivisionError):
        return Meaning(notes=("The picture's colour marks make no sense and were left out.",))
    return Meaning(icc=icc, notes=(f"The mark for {name} became a colour profile.",))


def matrix_profile(title: str, xy: Chromaticities, exponent: float) -> bytes:
    """Return an ICC version 2 profile of three primaries and one curve.

    Args:
        title: its description, ASCII.
        xy: chromaticities of white, red, green and blue.
        exponent: of the curve; 0 for the sRGB curve.

    Raises:
        numpy.linalg.LinAlgError, struct.error, ZeroDivisionError: there are no such colours.
    """
    white, *primaries = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in xy)
    scales = np.linalg.solve(np.stack(primaries, axis=1), white)
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted = np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD @ (np.stack(primaries, axis=1) * scales)
    text = title.encode("ascii") + b"\0"
    curve = _curve(exponent)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + b"No copyright\0",
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(adapted[:, 0]),
        b"gXYZ": _xyz(adapted[:, 1]),
        b"bXYZ": _xyz(adapted[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = struct.pack(">I", len(tags)), b""
    offset = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", offset + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(_D50)[8:]
    return header.ljust(128, b"\0") + table + body


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def _curve(exponent: float) -> bytes:
    if exponent != SRGB_CURVE:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(exponent * 256))
    samples = np.rint(linear_from_srgb(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", samples.size) + samples.tobytes()


def gray_to_srgb(gray: NDArray[Any], icc: bytes) -> NDArray[Any] | None:
    """Return gray values taken through a gray profile to sRGB, or None where it is damaged.

    Args:
        gray: (H, W) uint8, uint16 or float32.
        icc: a profile whose colour space is GRAY.

    Returns:
        (H, W) of the same dtype.
    """
    try:
        linear = _transfer(icc, b"kTRC")
    except (struct.error, ValueError, IndexError):
        return None
    if gray.dtype.kind == "f":
        return srgb_from_linear(np.clip(linear(gray), 0, 1)).astype(np.float32)
    scale = pixels.full_scale(gray.dtype)
    steps = np.linspace(0, 1, int(scale) + 1)
    encoded = srgb_from_linear(np.clip(linear(steps), 0, 1))
    table: NDArray[Any] = np.rint(encoded * scale).astype(gray.dtype)
    converted: NDArray[Any] = table[gray]
    return converted


def linear_light(colours: NDArray[np.float32], icc: bytes | None) -> NDArray[np.float32]:
    """Return colours as linear light of BT.709's primaries, those of sRGB.

    Args:
        colours: (H, W, 3) float32 [0, 1], encoded.
        icc: their profile; None for sRGB.

    Returns:
        (H, W, 3) float32; what lies outside of sRGB is negative or beyond 1.

    Raises:
        ValueError: the profile is damaged, or not of primaries and curves.
    """
    if icc is None:
        return linear_from_srgb(colours)
    try:
        curves = [_transfer(icc, name) for name in (b"rTRC", b"gTRC", b"bTRC")]
        primaries = [_tag(icc, name) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        to_xyz = np.array([struct.unpack_from(">3i", tag, 8) for tag in primaries]).T / 65536
    except (struct.error, IndexError) as error:
        raise ValueError("the profile is damaged") from error
    light = np.stack([curve(colours[..., i]) for i, curve in enumerate(curves)], axis=2)
    linear: NDArray[np.float32] = light @ (np.linalg.inv(_BT709_TO_D50) @ to_xyz).T
    return linear.astype(np.float32)


def _transfer(icc: bytes, name: bytes) -> Any:
    """Return the function from values in [0, 1] to linear light that a tag describes."""
    curve = _tag(icc, name)
    kind = curve[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", curve, 8)
        if count == 0:
            return lambda gray: gray
        values = np.frombuffer(curve, ">u2", count, 12)
        if count == 1:
            return lambda gray: gray ** (float(values[0]) / 256)
        places, values = np.linspace(0, 1, count), values / 65535.0
        return lambda gray: np.interp(gray, places, values)
    if kind != b"para":
        raise ValueError(kind)
    (form,) = struct.unpack_from(">H", curve, 8)
    count = (1, 3, 4, 5, 7)[form]
    numbers = [n / 65536 for n in struct.unpack_from(f">{count}i", curve, 12)]
    g, a, b, c, d, e, f = _parameters(form, numbers)
    return lambda gray: np.where(gray >= d, np.maximum(a * gray + b, 0) ** g + e, c * gray + f)


def _parameters(form: int, n: list[float]) -> tuple[float, ...]:
    """Return g, a, b, c, d, e, f of ICC.1:2010, table 65: (aX + b)^g + e from d on, else cX + f."""
    if form == 0:
        return n[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    g, a, b = n[:3]
    if a == 0:
        raise ValueError(n)
    if form == 1:
        return g, a, b, 0.0, -b / a, 0.0, 0.0
    if form == 2:
        return g, a, b, 0.0, -b / a, n[3], n[3]
    if form == 3:
        return g, a, b, n[3], n[4], 0.0, 0.0
    return g, a, b, n[3], n[4], n[5], n[6]


def _tag(icc: bytes, name: bytes) -> bytes:
    (count,) = struct.unpack_from(">I", icc, 128)
    for index in range(min(count, 100)):
        tag, offset, size = struct.unpack_from(">4sII", icc, 132 + 12 * index)
        if tag == name:
            return icc[offset : offset + size]
    raise ValueError(name)
