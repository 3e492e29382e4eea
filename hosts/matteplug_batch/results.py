"""What is written for a picture: its pixels, cropped and in the depth that was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matteplug.errors import RequestError
from matteplug.images import files, pixels
from matteplug.images.layered import SUFFIXES, Layer, encode_layers
from matteplug.result import VISIBLE, Matte
from matteplug.types import Alpha, Image, MatteRequest, Rect, Size
from matteplug_batch import shadow
from matteplug_batch.job import Job, Output

_DTYPES = {8: np.uint8, 16: np.uint16, 32: np.float32}


def write(job: Job, matte: Matte, request: MatteRequest) -> None:
    """Write the result of `job`, with the picture's profile and metadata.

    Args:
        job: says what is written, and where.
        matte: of the picture.
        request: what the matte was made from.

    Raises:
        RequestError: there is no such output, or the file cannot be written.
    """
    settings = job.settings
    area = _area(matte.alpha, settings.crop_px).slices
    if settings.shadow:
        matte = shadow.kept(matte, request, job.found.plate)
    cropped = replace(matte, alpha=matte.alpha[area], foreground=matte.foreground[area])
    image = request.image[area]
    if job.result.suffix.lower() in SUFFIXES:
        bits = settings.depth or (8 if image.dtype == np.uint8 else 16)  # it holds no floats
        layers = [
            Layer("original", _in_depth(image, bits), visible=False),
            Layer("mask", _in_depth(cropped.alpha, bits), visible=False),
            Layer("cutout", _in_depth(cropped.cutout(), bits)),
        ]
        files.write_bytes(job.result, encode_layers(layers, job.result.suffix, matte.icc))
        return
    if settings.output is Output.TRIMAP:
        if matte.trimap is None:
            raise RequestError(
                "trimap-none",
                f"No trimap was used: {matte.network} found the foreground without one.",
                "Put a trimap or a selection beside the picture, or ask for another output.",
            )
        files.write(job.result, np.ascontiguousarray(matte.trimap[area]))
        return
    array = np.ascontiguousarray(_array(job, cropped, image))
    if settings.depth is None:
        cropped.save(job.result, array, settings.encoding)
        return
    array = _in_depth(array, settings.depth)
    files.write(job.result, array, matte.icc, matte.metadata, settings.encoding)


def _array(job: Job, matte: Matte, image: Image) -> Image:
    settings = job.settings
    if settings.output is Output.CUTOUT:
        return matte.cutout()
    if settings.output is Output.ALPHA:
        return matte.alpha
    if settings.output is Output.FOREGROUND:
        return matte.foreground
    backdrop = job.backdrop
    assert backdrop is not None, "the command line refuses this"
    if backdrop.is_blur:
        return matte.composite(backdrop.blurred(image, matte.alpha))
    size, dtype = Size.of(matte.alpha), matte.foreground.dtype
    return matte.composite(backdrop.behind(size, dtype, matte.icc))


def _area(alpha: Alpha, margin_px: int | None) -> Rect:
    """Return what is kept: the subject with a margin, or everything if there is none."""
    whole = Rect.from_size(Size.of(alpha))
    if margin_px is None:
        return whole
    subject = Rect.around(alpha >= VISIBLE)
    return subject.grown(margin_px, margin_px).intersection(whole) if subject.area else whole


def _in_depth(array: Image, bits: int) -> Image:
    """Return pixels with that many bits per channel; 32 are floats."""
    dtype = np.dtype(_DTYPES[bits])
    return array if array.dtype == dtype else pixels.from_float(pixels.to_float(array), dtype)
