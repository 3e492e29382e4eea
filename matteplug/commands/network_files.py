"""What ``matteplug networks`` does with files: add one, find those of other programs, get one."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matteplug import folders, listing, plugins, weights
from matteplug.errors import MatteplugError, NetworkError
from matteplug.network import COMMERCIAL, Guide, NetworkSpec, SizeRule, TensorSpec
from matteplug.networks import added, download, known_files, onnx_file
from matteplug.networks.known_files import KnownFile, Recognised
from matteplug.networks.onnx_file import Signature
from matteplug.terminal import confirmed, printable

TRIAL_LIMIT_S = 600.0
"""How long a graph may take for its trial; the largest have a gigabyte of weights."""
COLOURS: Mapping[str, dict[str, Any]] = {
    "0-1": {},
    "0-255": {"high": 255.0},
    "-1-1": {"mean": (0.5,) * 3, "std": (0.5,) * 3},
    "-0.5-0.5": {"mean": (0.5,) * 3, "std": (1.0,) * 3},
    "imagenet": {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
}
"""Ranges of colours that graphs take, as people call them, and the fields of the image."""
OUTPUTS: Mapping[str, dict[str, Any]] = {
    "alpha": {},
    "logits": {"activation": "sigmoid"},
    "stretched": {"stretch": "min-max"},
}
"""What outputs are, and the fields of the alpha."""


def configure_add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``networks add``."""
    add = parser.add_argument
    add("onnx", type=Path, metavar="FILE.onnx", help="the graph, with its weights inside")
    add(
        "--spec",
        type=Path,
        help="JSON file that describes it; not needed for a public file that is known",
    )
    add(
        "--like",
        metavar="NAME",
        help="a known public file that it is like; see `matteplug networks known`",
    )
    add("--id", help="what to call it (default: the known file's name, else the file's)")
    add("--licence", help="licence of its weights, where it is not a known file")
    add("--commercial", choices=COMMERCIAL, help="whether that allows commercial use")


def add(args: argparse.Namespace) -> int:
    """Add a file; return the exit status.

    Raises:
        NetworkError: it cannot be added, or nothing says what it needs.
    """
    onnx_file.check(args.onnx)
    if args.spec is None:
        spec = _recognised_spec(args)
    else:
        if args.like:
            raise NetworkError(
                "spec-twice", "--spec and --like both describe the file.", "Drop one."
            )
        spec = added.read_spec(args.spec)
        if args.id:
            spec = replace(spec, id=args.id)
    _install(args.onnx, spec)
    return 0


def configure_find(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``networks find``."""
    parser.add_argument("--all", action="store_true", help="add all that are known, without asking")


def find(args: argparse.Namespace) -> int:
    """Offer the files that other programs keep on this machine; return the exit status."""
    places = other_programs_folders()
    paths = [path for folder in places for path in sorted(folder.glob("*.onnx"))]
    if not paths:
        print(f"No ONNX files in {', '.join(map(str, places))}.")
        return 0
    there = {spec.sha256: spec.id for spec in plugins.registry().networks.values() if spec.sha256}
    status = 0
    for path in paths:
        try:
            onnx_file.check(path)
            signature = onnx_file.signature(path)
            found = known_files.recognised(path, signature)
            if name := there.get(weights.sha256_now(path)):
                print(f"{printable(str(path))}: added already, as {name}.")
            elif found is None:
                print(f"{printable(str(path))}: not known; add it with `matteplug networks add`.")
            elif found.known.unusable:
                print(f"{printable(str(path))}: {found.known.title}; {found.known.unusable}.")
            else:
                print(f"{printable(str(path))}: {found.known.title}; {_terms(found)}.")
                if args.all or confirmed(f"Add it as {found.known.name}?"):
                    _install(path, _known_spec(found, signature, None))
        except MatteplugError as error:  # one bad file must not hide the others
            print(f"matteplug: {printable(str(error))}", file=sys.stderr)
            status = 1
    if not args.all and not sys.stdin.isatty():
        print("Nothing was added. Add all that are known: matteplug networks find --all")
    return status


def other_programs_folders() -> list[Path]:
    """Return the folders, there or not, in which other programs keep such files: rembg's."""
    home, data = os.environ.get("U2NET_HOME"), os.environ.get("XDG_DATA_HOME")
    candidates = [Path(home).expanduser()] if home else []
    candidates += [Path(data).expanduser() / ".u2net"] if data else []
    candidates.append(Path("~/.u2net").expanduser())
    return [*dict.fromkeys(candidates)]


def configure_get(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``networks get``."""
    add = parser.add_argument
    add("name", help="a known public file; see `matteplug networks known`")
    add("--from", dest="source", metavar="URL|FILE", help="a mirror, or a file that you have")
    add("--yes", action="store_true", help="do not ask")


def get(args: argparse.Namespace) -> int:
    """Fetch a known file and add it; return the exit status.

    Raises:
        NetworkError: it is not known, cannot be fetched, is another file, or cannot be used.
    """
    known = known_files.named(args.name)
    if known.unusable:
        raise NetworkError("network-unusable", f"{known.title} cannot be used: {known.unusable}.")
    source = args.source or known.address
    if not known.sha256 or not source:
        lacks = "checksum" if source else "address"
        raise NetworkError(
            "download-unknown",
            f"No {lacks} is known for {known.name}, so that it is not fetched.",
            "Download it yourself, and run: matteplug networks add FILE.onnx",
        )
    if not re.match(r"https?://", source):
        _get_file(Path(source), known)
        return 0
    size = f"{known.bytes / 1e6:.0f} MB" if known.bytes else "size not stated"
    print(f"{known.title}: {known.file}, {size}")
    print(f"  from:    {source}{'' if args.source else ' (as stated; not tried by us)'}")
    print(f"  licence: {_terms(Recognised(known, True))}")
    if not args.yes and not confirmed("Fetch it?"):
        print("Nothing was fetched." + ("" if sys.stdin.isatty() else " To agree, add --yes."))
        return 1
    path = folders.cache_folder() / "downloads" / f"{known.name}.onnx"
    _fetch(source, path, known)
    try:
        onnx_file.check(path)
        _install(path, _known_spec(Recognised(known, True), onnx_file.signature(path), None))
    finally:
        path.unlink(missing_ok=True)
    return 0


def _fetch(source: str, path: Path, known: KnownFile) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(known.file, total=known.bytes or None)

        def report(have: int, expected: int) -> None:
            progress.update(task, completed=have, total=expected or None)

        download.fetch(source, path, sha256=known.sha256, length=known.bytes, report=report)


def _get_file(path: Path, known: KnownFile) -> None:
    onnx_file.check(path)
    if weights.sha256_now(path) != known.sha256:
        raise NetworkError(
            "download-other",
            f"{path} is not {known.file}: its checksum differs.",
            f"If it is like it, run: matteplug networks add {path} --like {known.name}",
        )
    _install(path, _known_spec(Recognised(known, True), onnx_file.signature(path), None))


def known(args: argparse.Namespace) -> int:
    """List the public files that are known; return the exit status."""
    rows = []
    for one in known_files.known_files().values():
        size = f"{one.bytes / 1e6:.0f}" if one.bytes else "–"
        licence = f"cannot be used: {one.unusable}" if one.unusable else one.licence
        rows.append((one.name, one.file, size, one.commercial, licence))
    listing.show(("name", "file", "MB", "commercial use", "licence of the weights"), rows)
    return 0


def _recognised_spec(args: argparse.Namespace) -> NetworkSpec:
    """Return the spec of a file that comes without one: a known one's, or what the user answers."""
    signature = onnx_file.signature(args.onnx)
    found = known_files.recognised(args.onnx, signature)
    if args.like:
        like = known_files.named(args.like)
        if found and found.surely and found.known is not like:
            raise NetworkError(
                "file-known",
                f"{args.onnx} is {found.known.name}, by its checksum, and not like {like.name}.",
                "Drop --like.",
            )
        found = found if found and found.surely else Recognised(like, False)
    if found is None:
        return _asked(args, signature)
    spec = _known_spec(found, signature, args.id)
    if found.surely:
        return spec
    name = args.id or _id_of(args.onnx)
    return replace(
        spec,
        id=name,
        weights=f"{name}.onnx",
        title=f"{name} (like {found.known.title})",
        licence=args.licence or "not known: the file is only like a known one",
        commercial=args.commercial or COMMERCIAL[0],
    )


def _known_spec(found: Recognised, signature: Signature, network_id: str | None) -> NetworkSpec:
    spec = found.known.spec(signature, network_id)
    how = "its checksum" if found.surely else "its size, inputs and outputs, or as the user said"
    return replace(spec, provenance={**spec.provenance, "recognised_by": how})


def _asked(args: argparse.Namespace, signature: Signature) -> NetworkSpec:
    """Return the spec of an unknown file, by the user's answers.

    Raises:
        NetworkError: there is no terminal to ask in, or it takes more than a picture.
    """
    if not known_files.is_picture_network(signature):
        raise NetworkError(
            "file-unknown",
            f"{args.onnx} is not a known file, and has {known_files.described(signature)}.",
            "Describe it in a spec: --spec SPEC.json (docs/extending/onnx-file.md).",
        )
    side = known_files.side_of(signature)
    if not sys.stdin.isatty():
        size = "" if side else "which sizes it takes, "
        raise NetworkError(
            "file-unknown",
            f"{args.onnx} is not a known file, and a graph does not say how colours are "
            f"normalised, {size}whether its output is an alpha, logits or to be stretched, and "
            "under which licence it is.",
            "Answer in a spec: --spec SPEC.json (docs/extending/onnx-file.md); or name a known "
            "file that it is like: --like NAME (see `matteplug networks known`).",
        )
    from rich.prompt import IntPrompt, Prompt

    print(f"{printable(str(args.onnx))} is not a known file; a few answers describe it.")
    name = args.id or Prompt.ask("What shall it be called", default=_id_of(args.onnx))
    colours = Prompt.ask("Which colours does it take", choices=[*COLOURS], default="imagenet")
    output = Prompt.ask("What does it return", choices=[*OUTPUTS], default="alpha")
    if side is None:
        multiple = IntPrompt.ask("Its sides must be a multiple of", default=32)
        rule = SizeRule(multiple=multiple, maximum_px=IntPrompt.ask("Longest side", default=1024))
    else:
        rule = SizeRule(maximum_px=side, fit="square")
    licence = args.licence or Prompt.ask("Licence of its weights", default="not stated")
    allowed = args.commercial or Prompt.ask(
        "Commercial use", choices=[*COMMERCIAL], default=COMMERCIAL[0]
    )
    image, alpha = signature.inputs[0].name, signature.outputs[0].name
    return NetworkSpec(
        id=name,
        title=name,
        guide=Guide.NONE,
        inputs=(TensorSpec(name=image, role="image", channels=3, **COLOURS[colours]),),
        outputs=(TensorSpec(name=alpha, role="alpha", channels=1, **OUTPUTS[output]),),
        size=rule,
        tiling=False,
        edge_band_fraction=known_files.EDGE_BAND,
        soft_threshold=known_files.SOFT,
        licence=licence,
        commercial=allowed,
        provenance={"recognised_by": "the user's answers"},
    )


def _install(path: Path, spec: NetworkSpec) -> None:
    """Try a file and copy it to the user's networks, with what is known of it."""
    _free(spec)
    _try(path, spec)
    spec = added.add(path, spec)
    print(f"Added {spec.id}: {printable(spec.title)}. {printable(spec.terms)}.")
    if by := spec.provenance.get("recognised_by"):
        print(f"  recognised by {by}")
    for difference in spec.provenance.get("differences", ()):
        print(f"  differs from the usual program: {difference}")


def _free(spec: NetworkSpec) -> None:
    """Check that no plug-in provides a network of that name.

    Raises:
        NetworkError: one does.
    """
    for plugin in plugins.registry().plugins:
        if spec.id in plugin.networks and spec.id not in plugins.registry().added:
            raise NetworkError(
                "name-taken",
                f"{plugin.distribution} already provides a network named {spec.id}.",
                "Choose another id: in the spec, or with --id.",
            )


def _try(graph: Path, spec: NetworkSpec) -> None:
    """Run the graph once, on the CPU and in a process of its own.

    Raises:
        EngineError: ONNX Runtime is missing.
        NetworkError: the graph cannot be loaded or run, or returns something else than the spec
            says.
    """
    from matteplug.runtime import ort, probe
    from matteplug.runtime.providers import CPU

    ort.available()
    verdict = probe.probe(spec, graph, replace(CPU, limit_s=TRIAL_LIMIT_S))
    if not verdict.loads or verdict.correct is False:
        raise NetworkError(
            "network-fails",
            f"{graph} does not work as {spec.id}: {verdict.reason}.",
            "Correct the spec, or export the graph again.",
        )


def _terms(found: Recognised) -> str:
    if not found.surely:
        return f"like {found.known.file}, but with another checksum: its licence is not known"
    return f"{found.known.licence}; commercial use: {found.known.commercial}"


def _id_of(path: Path) -> str:
    """Return an id made of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "network"
