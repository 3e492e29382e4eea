"""Model cards of networks whose weights others made: what is known of them, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matteplug.network import Guide, NetworkSpec

_ERRORS = ("sad", "mse", "grad", "conn", "iou")


def text(spec: NetworkSpec, weights: str) -> str:
    """Return the card of a network.

    Args:
        spec: the network, with all that was measured here.
        weights: where its weights come from, a sentence without a full stop.
    """
    whole = "" if spec.tiling else ", which it sees whole"
    guide = "no guide" if spec.guide is Guide.NONE else f"{spec.guide.value} as a guide"
    rows = {
        "architecture": spec.citation or spec.title,
        "weights": weights,
        "licence of the weights": spec.licence or "not stated",
        "licence of the code": spec.licence_code or "not stated",
        "commercial use": spec.commercial,
        "needs": f"the picture{whole}; {guide}",
        "trained on": "what its authors describe; not checked here",
        "measured here": "; ".join(_measured(spec.metrics)) or "nothing yet",
    }
    for number, difference in enumerate(spec.provenance.get("differences", ()), 1):
        rows[f"differs from the usual program ({number})"] = difference
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join([f"# {spec.title}: model card", "", "| | |", "|---|---|", *lines, ""])


def _measured(metrics: Mapping[str, object]) -> Iterator[str]:
    for data, part in metrics.items():
        if isinstance(part, Mapping):
            errors = [f"{name} {part[name]:.4g}" for name in _ERRORS if name in part]
            yield f"{data}: {', '.join(errors)}"
