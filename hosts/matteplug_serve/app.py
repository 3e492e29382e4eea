"""The application: a form with a picture in, a picture out.

Clients name no file of this machine, and no file is opened but those that they sent: each request
has a folder of its own for them, which is gone when the answer is sent.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import shutil
import tempfile
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from matteplug import __version__
from matteplug.errors import Cancelled, MatteplugError, RequestError
from matteplug.result import Matte
from matteplug.types import CancelToken
from matteplug_batch import chosen
from matteplug_batch.failure import as_sentence
from matteplug_batch.find import Found
from matteplug_batch.job import Job
from matteplug_serve import fields
from matteplug_serve.door import Door
from matteplug_serve.pipeline import Pipeline
from matteplug_serve.queue import Queue

_LISTEN_S = 0.2
"""How often it is seen whether the client is still there."""
_MOST_TEXT = 1 << 16
_GONE = 499
"""The client went away: nobody reads this status."""
_STATUS = {
    "network-unknown": 400,
    "token-wrong": 401,
    "host-refused": 403,
    "upload-slow": 408,
    "image-too-large": 413,
    "upload-too-large": 413,
    "form-missing": 415,
    "cancelled": _GONE,
    "server-busy": 503,
    "disk-full": 507,
}
"""Of answers by the error's code; other errors of requests are 400, and the rest is 500."""
_GUIDES = f"Send one of {', '.join(fields.GUIDES)}."
_TYPES = {
    ".avif": "image/avif",
    ".exr": "image/x-exr",
    ".ora": "image/openraster",
    ".psd": "image/vnd.adobe.photoshop",
    ".webp": "image/webp",
}


def application(door: Door, queue: Queue, owners: Mapping[str, Any]) -> FastAPI:
    """Return the application.

    Args:
        door: who may send what.
        queue: how many pictures at a time.
        owners: the values of the options that are not the clients'.
    """
    app: FastAPI = FastAPIOffline(
        title="matteplug",
        version=__version__,
        description="Cuts the foreground out of pictures, with soft edges.",
    )
    pipeline = Pipeline()
    defaults = dict(owners) | {one.name: one.default for one in fields.clients()}

    @app.post(
        "/cutout",
        response_class=Response,
        responses=_answers(),
        openapi_extra={"requestBody": fields.schema()},
    )
    async def cutout(request: Request) -> Response:
        """Cut out a picture; without a guide, a network finds what stands in front."""
        door.check(request)
        with ExitStack() as held:
            held.enter_context(queue.place())
            place = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="matteplug-")))
            form = await _form(Request(request.scope, door.limited(request.receive)))
            try:
                job = await asyncio.to_thread(_job, form, place, defaults)
                cancel = CancelToken()
                with queue.timed():
                    matte = await _while_there(request, pipeline.cut(job, cancel))
            except Exception as error:  # a third party's network may raise anything
                raise _without_paths(as_sentence(error), place) from error
            finally:
                await form.close()
            return _Answer(job.result, matte, held.pop_all(), door.transfer_s)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Tell that the server is there, and how busy it is."""
        return {
            "status": "ok",
            "version": __version__,
            "places": queue.places,
            "taken": queue.taken,
            "done": queue.done,
        }

    @app.exception_handler(MatteplugError)
    async def failed(_: Request, error: MatteplugError) -> Response:
        status = _STATUS.get(error.code, 400 if isinstance(error, RequestError) else 500)
        headers = {
            401: {"WWW-Authenticate": "Bearer"},
            503: {"Retry-After": str(queue.retry_s)},
        }.get(status)
        said = {"code": error.code, "message": error.message, "hint": error.hint}
        return JSONResponse(said, status, headers)

    return app


class _Answer(FileResponse):
    """A result that keeps its folder and its place until it is sent, or nobody takes it."""

    def __init__(self, result: Path, matte: Matte, held: ExitStack, transfer_s: float) -> None:
        suffix = result.suffix.lower()
        confidence = "" if matte.confidence is None else f"{matte.confidence:.3f}"
        super().__init__(
            result,
            media_type=_TYPES.get(suffix) or mimetypes.guess_type(result.name)[0],
            headers={
                "X-Matteplug-Network": matte.network,
                "X-Matteplug-Provider": matte.provider,
                "X-Matteplug-Outcome": matte.outcome,
                "X-Matteplug-Confidence": confidence,
                "X-Matteplug-Notes": json.dumps(matte.notes),
            },
        )
        self._held, self._transfer_s = held, transfer_s

    async def __call__(self, *connection: Any) -> None:
        """Send the answer."""
        with self._held:
            await asyncio.wait_for(super().__call__(*connection), self._transfer_s)


async def _form(request: Request) -> FormData:
    """Return the form of a request.

    Raises:
        RequestError: it is damaged, or too much.
    """
    most = len(fields.PICTURES) + len(fields.clients())
    try:
        return await request.form(max_files=most, max_fields=most, max_part_size=_MOST_TEXT)
    except HTTPException as error:
        raise RequestError("form-damaged", f"The form cannot be read: {error.detail}") from error


def _job(form: FormData, place: Path, defaults: Mapping[str, Any]) -> Job:
    """Return the job that a form stands for; its files are written to `place`.

    Raises:
        RequestError: a field is missing, unknown, or not what it has to be.
        MatteplugError: the network cannot be used.
        OSError: there is no space for the files.
    """
    files, texts = {}, {}
    for name, value in form.multi_items():
        if name in files or name in texts:
            raise RequestError("field-twice", f'The field "{name}" is there twice.')
        if isinstance(value, UploadFile):
            if name not in fields.PICTURES:
                raise RequestError(
                    "field-unknown",
                    f'There is no picture "{name}".',
                    f"Known are: {', '.join(fields.PICTURES)}.",
                )
            files[name] = place / name
            with files[name].open("wb") as file:
                shutil.copyfileobj(value.file, file)
        else:
            texts[name] = value
    if fields.IMAGE not in files:
        raise RequestError(
            "image-missing", "There is no picture.", f'Send a file in the field "{fields.IMAGE}".'
        )
    values = dict(defaults) | fields.values(texts)
    backdrop = files.pop(fields.BACKDROP, None)
    if backdrop is not None:
        values["backdrop"] = str(backdrop)
    settings = chosen.settings(values, files=backdrop is not None)
    guides = {name: files[name] for name in fields.GUIDES if name in files}
    return Job(
        found=Found(image=files[fields.IMAGE], **guides),
        result=place / f"result{settings.suffix}",
        settings=settings,
    )


async def _while_there(request: Request, work: Coroutine[Any, Any, Matte]) -> Matte:
    """Return what `work` does; stop it when the client goes away.

    Raises:
        Cancelled: the client did.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=_LISTEN_S)
            if not task.done() and await request.is_disconnected():
                raise Cancelled
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def _without_paths(error: MatteplugError, place: Path) -> MatteplugError:
    """Return an error that calls files as the form does."""
    if isinstance(error, Cancelled):
        return error
    message, hint = (text.replace(f"{place}/", "") for text in (error.message, error.hint))
    if error.code == "guide-missing":
        message, hint = "Without a guide it cannot be cut out.", _GUIDES
    return type(error)(error.code, message, hint)


def _answers() -> dict[int | str, dict[str, Any]]:
    """Return the answers there are, for the page."""
    return {
        200: {
            "description": "The result, in the format that was asked for",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        400: {"description": "A picture, a guide or an option cannot be used"},
        401: {"description": "The token is missing or wrong"},
        413: {"description": "The upload or a picture is too large"},
        503: {"description": "All places are taken; Retry-After says when to come back"},
    }
