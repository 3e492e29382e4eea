"""Reads a video: upright frames in RGB, and the packets of its sound, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from matteplug.errors import RequestError
from matteplug.types import Image, Size

_UNSPECIFIED = 2
"""The colour space of frames without a mark (ITU-T H.273, table 4)."""
_HD_ROWS = 720
"""From this height on, colours without a mark are of BT.709, below of BT.601."""


class Frame(NamedTuple):
    """A frame.

    Attributes:
        image: (H, W, 3) uint8, or uint16 where the video has more than 8 bits.
        pts: when it is shown, in units of the video's `time_base`.
    """

    image: Image
    pts: int


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video that is open.

    Attributes:
        path: the file.
        container: PyAV's.
        stream: its first stream of pictures.
        sound: its streams of sound.
    """

    path: Path
    container: Any
    stream: Any
    sound: list[Any]

    @property
    def rate(self) -> Fraction:
        """Frames per second, on average."""
        return Fraction(self.stream.average_rate or self.stream.guessed_rate or 25)

    @property
    def time_base(self) -> Fraction:
        """Seconds of a unit of time."""
        return Fraction(self.stream.time_base)

    @property
    def announced(self) -> int:
        """The number of frames that the header says; 0 where it says nothing."""
        return int(self.stream.frames)

    @property
    def frames(self) -> int | None:
        """The number of frames, as the header says or its duration suggests; None if unknown."""
        if self.announced:
            return self.announced
        if self.stream.duration:
            return max(1, round(float(self.stream.duration * self.time_base * self.rate)))
        return None

    def read(self) -> Iterator[Frame | Any]:
        """Yield frames, and packets of sound.

        Raises:
            RequestError: it has no frame ("video-without-frames"), is damaged ("video-damaged"),
                or frames of several sizes ("video-sizes").
        """
        import av

        count, size = 0, None
        try:
            for packet in self.container.demux([self.stream, *self.sound]):
                if packet.stream.type == "audio":
                    if packet.dts is not None:
                        yield packet
                    continue
                for frame in packet.decode():
                    if frame.is_corrupt:
                        raise _damaged(self.path, count, "a frame lacks data")
                    image = _upright(frame)
                    if size not in (None, Size.of(image)):
                        raise RequestError(
                            "video-sizes",
                            f"The video {self.path} changes its size at frame {count + 1}, from "
                            f"{size} to {Size.of(image)}.",
                            "Scale it to one size first.",
                        )
                    size = Size.of(image)
                    yield Frame(image, count if frame.pts is None else frame.pts)
                    count += 1
        except av.error.FFmpegError as error:
            raise _damaged(self.path, count, str(error.strerror)) from error
        if not count:
            raise _without_frames(self.path)


@contextmanager
def opened(path: Path) -> Iterator[Video]:
    """Open a video.

    Raises:
        RequestError: there is no such file ("file-missing"), or no video in it ("file-not-video",
            "video-without-frames").
    """
    import av

    if not path.is_file():
        raise RequestError("file-missing", f"There is no file {path}.", "Check the spelling.")
    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, OSError) as error:
        raise RequestError(
            "file-not-video",
            f"The file {path} is not a video that can be read: {error.strerror}.",
            "Export it as .mp4 or .mov.",
        ) from error
    with container:
        pictures = [s for s in container.streams.video if s.codec_context is not None]
        if not pictures:
            raise _without_frames(path)
        pictures[0].thread_type = "SLICE"  # whole frames in threads hide the errors of the last
        yield Video(
            path=path,
            container=container,
            stream=pictures[0],
            sound=list(container.streams.audio),
        )


def _damaged(path: Path, frames: int, reason: str) -> RequestError:
    return RequestError(
        "video-damaged",
        f"The video {path} is damaged after frame {frames}: {reason}.",
        "Copy or export it again.",
    )


def _without_frames(path: Path) -> RequestError:
    return RequestError(
        "video-without-frames", f"The video {path} has no frames.", "Check what was recorded."
    )


def _upright(frame: Any) -> Image:
    """Return a decoded frame as RGB, turned as its display matrix says."""
    from av.video.reformatter import Colorspace

    deep = max(component.bits for component in frame.format.components) > 8
    marked = frame.colorspace != _UNSPECIFIED
    hd = frame.height >= _HD_ROWS
    unmarked = Colorspace.ITU709 if hd else Colorspace.ITU601
    rgb = frame.reformat(
        format="rgb48le" if deep else "rgb24",
        src_colorspace=None if marked else unmarked,
    )
    array: Image = rgb.to_ndarray()
    turns = round(frame.rotation / 90)
    return np.ascontiguousarray(np.rot90(array, turns)) if turns else array
