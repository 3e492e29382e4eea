"""Writes cutouts: a ProRes 4444 video with the sound, or PNG pictures with it beside them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from matteplug.errors import RequestError
from matteplug.images import files, pixels
from matteplug.types import Image
from matteplug_batch import leftovers
from matteplug_video.reading import Video

SUFFIX = ".mov"
SOUND = "sound.mka"
"""The sound of a folder of pictures: Matroska holds any codec."""


class Writer(Protocol):
    """Takes what a video becomes."""

    def frame(self, cutout: Image, pts: int) -> None:
        """Write a frame, (H, W, 4) uint8 or uint16, straight alpha."""

    def sound(self, packet: Any) -> None:
        """Write a packet of sound as it is."""


@contextmanager
def writer(out: Path, video: Video, *, sound: bool) -> Iterator[Writer]:
    """Yield what writes to `out`: a video by its suffix, else a folder.

    A video takes its place when it is complete.

    Raises:
        RequestError: the disk is full ("disk-full"), or it cannot be written ("video-not-written").
    """
    import av

    try:
        if out.suffix.lower() == SUFFIX:
            draft = leftovers.draft_of(out)
            try:
                with _ProRes(draft, video, sound=sound) as prores:
                    yield prores
                draft.replace(out)
            finally:
                draft.unlink(missing_ok=True)
        else:
            out.mkdir(parents=True, exist_ok=True)
            with _Pictures(out, video, sound=sound) as pictures:
                yield pictures
    except (av.error.FFmpegError, OSError) as error:
        full = error.errno == errno.ENOSPC
        raise RequestError(
            "disk-full" if full else "video-not-written",
            f"{out} was not written: {error.strerror}.",
            "Free some space." if full else "If it is the sound, leave it out with --no-sound.",
        ) from error


class _ProRes:
    """A QuickTime file of ProRes 4444 with 16 bits of alpha, BT.709."""

    def __init__(self, path: Path, video: Video, *, sound: bool) -> None:
        import av

        self._exits = ExitStack()
        self._container = self._exits.enter_context(av.open(str(path), "w", format="mov"))
        self._stream = self._container.add_stream("prores_ks", rate=video.rate)
        self._stream.pix_fmt = "yuva444p10le"
        self._stream.codec_context.options = {"profile": "4444", "alpha_bits": "16"}
        self._stream.codec_context.time_base = video.time_base
        self._video = video
        self._sound = {
            stream.index: self._container.add_stream_from_template(stream)
            for stream in (video.sound if sound else ())
        }
        self._early: list[Any] = []

    def __enter__(self) -> _ProRes:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        with self._exits:
            if kind is None:
                self._container.mux(self._stream.encode())
                self._mux_early()

    def frame(self, cutout: Image, pts: int) -> None:
        """Write a frame."""
        import av
        from av.video.reformatter import ColorRange, Colorspace

        if not self._stream.codec_context.is_open:
            self._stream.height, self._stream.width = cutout.shape[:2]
        deep = pixels.from_float(pixels.to_float(cutout), np.uint16)
        rgba = av.VideoFrame.from_ndarray(deep, format="rgba64le")
        frame = rgba.reformat(
            format="yuva444p10le",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        frame.color_primaries = frame.color_trc = 1  # BT.709 (ITU-T H.273)
        frame.pts, frame.time_base = pts, self._video.time_base
        self._container.mux(self._stream.encode(frame))
        self._mux_early()

    def sound(self, packet: Any) -> None:
        """Write a packet; the header needs the first frame's size, so those before it wait."""
        if packet.stream.index in self._sound:
            self._early.append(packet)
            if self._stream.codec_context.is_open:
                self._mux_early()

    def _mux_early(self) -> None:
        for packet in self._early:
            packet.stream = self._sound[packet.stream.index]
            self._container.mux(packet)
        self._early.clear()


class _Pictures:
    """PNG pictures numbered from 1, each complete or not there, and the sound beside them."""

    def __init__(self, folder: Path, video: Video, *, sound: bool) -> None:
        import av

        self._folder, self._count, self._exits = folder, 0, ExitStack()
        self._sound: dict[int, Any] = {}
        if sound and video.sound:
            file = av.open(str(folder / SOUND), "w", format="matroska")
            self._container = self._exits.enter_context(file)
            self._sound = {s.index: file.add_stream_from_template(s) for s in video.sound}

    def __enter__(self) -> _Pictures:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def frame(self, cutout: Image, pts: int) -> None:
        """Write a frame."""
        self._count += 1
        files.write(self._folder / f"{self._count:06d}.png", cutout)

    def sound(self, packet: Any) -> None:
        """Write a packet."""
        if packet.stream.index in self._sound:
            packet.stream = self._sound[packet.stream.index]
            self._container.mux(packet)
