"""Decide about one photograph after the other: seen before, or voted on, cut out and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from matteplug.engine import Engine
from matteplug.errors import RequestError
from matteplug.training.scenes.photographs import read_rgb
from matteplug.training.teach import likeness
from matteplug.training.teach.folder import Decision, TaughtFolder
from matteplug.training.teach.subjects import clear_part, subject
from matteplug.training.teach.teachers import Teacher
from matteplug.training.teach.voting import decide, mean_of


class School:
    """Asks the teachers and keeps what they agree on.

    Args:
        teachers: who vote.
        engine: who runs the trimap network.
        taught: where subjects go.
        size_px: longest side of the pictures.
    """

    def __init__(
        self, teachers: Sequence[Teacher], engine: Engine, taught: TaughtFolder, size_px: int
    ) -> None:
        self._teachers, self._engine, self._taught = teachers, engine, taught
        self._size_px = size_px

    def teach(self, path: Path, file: str, others: Iterable[int]) -> Decision:
        """Decide about a photograph, write what comes of it and return the decision.

        Args:
            path: of the photograph.
            file: its path below the folder of photographs.
            others: perceptual hashes of pictures that it must not look like.

        Raises:
            TrainingError: nothing can be written.
        """
        name = file.rpartition(".")[0].replace("/", "-")
        try:
            image = read_rgb(path)
        except RequestError:
            return self._left_out(file, name, "damaged")
        scale = self._size_px / max(image.shape[:2])
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        hashes = likeness.hashes(image)
        if likeness.alike(image, others):
            return self._left_out(file, name, "looks like another", hashes)
        views = {teacher.name: teacher.views(image) for teacher in self._teachers}
        vote = decide(views)
        found = None if vote.mask is None else subject(image, vote, self._engine)
        if found is None:
            reason = vote.reason or "no certain inside"
            return self._left_out(file, name, reason, hashes, vote.agreement)
        decision = Decision(
            file=file,
            name=name,
            taken=True,
            agreement=round(vote.agreement, 3),
            by=vote.by,
            hashes=hashes,
        )
        clear = clear_part(np.max([mean_of(masks) for masks in views.values()], axis=0))
        self._taught.add(decision, found, None if clear is None else image[clear])
        return decision

    def _left_out(
        self,
        file: str,
        name: str,
        reason: str,
        hashes: tuple[int, ...] = (),
        agreement: float = 0.0,
    ) -> Decision:
        decision = Decision(
            file=file,
            name=name,
            taken=False,
            reason=reason,
            agreement=round(agreement, 3),
            hashes=hashes,
        )
        self._taught.add(decision)
        return decision
