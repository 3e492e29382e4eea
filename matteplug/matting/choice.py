"""Which network makes a matte: the requested one, or the best for the guide."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matteplug.errors import NetworkError, RequestError
from matteplug.network import Guide, NetworkSpec
from matteplug.types import MatteRequest

__all__ = ["best", "choose", "require_commercial", "usual"]

_WORDS = {
    Guide.NONE: "a picture without a guide",
    Guide.TRIMAP: "a trimap",
    Guide.PLATE: "a plate",
}


def choose(request: MatteRequest) -> NetworkSpec:
    """Return the network that `request` names, or the `best` one for its guide.

    Raises:
        NetworkError: the named network is unknown or its licence forbids what is asked for, or none
            is for the guide.
        RequestError: the named network needs a guide that was not given.
    """
    from matteplug import plugins  # late: discovery takes longer to import than all the rest

    registry = plugins.registry()
    commercial = request.options.commercial
    if request.network is not None:
        spec = registry.network(request.network)
        if commercial:
            require_commercial(spec)
        given = {Guide.TRIMAP: request.trimap, Guide.PLATE: request.plate}
        if spec.guide is not Guide.NONE and given[spec.guide] is None:
            raise RequestError(
                "guide-missing",
                f"The network {spec.id} needs a {spec.guide.value}.",
                f"Give a {spec.guide.value}, or name no network.",
            )
        return spec
    if request.trimap is not None:
        return best(Guide.TRIMAP, commercial)
    return best(Guide.NONE if request.plate is None else Guide.PLATE, commercial)


def require_commercial(spec: NetworkSpec) -> None:
    """Check that the licences of a network allow commercial use.

    Raises:
        NetworkError: they do not, or that is unclear; it names the network.
    """
    if spec.commercial != "yes":
        raise NetworkError(
            "not-commercial",
            f"{spec.id} is not used with the option commercial: {spec.terms}.",
            "Name another network, or none; or drop the option.",
        )


def best(guide: Guide, commercial: bool = False) -> NetworkSpec:
    """Return the best network for a guide.

    That is the `usual` one, unless the user added a network that was measured here beside it
    (``matteplug networks measure``) and has the lower error on every folder; of several, the one
    with the lowest error in relation.

    Args:
        guide: what is given beside the picture.
        commercial: only networks whose licences allow commercial use.

    Raises:
        NetworkError: there is none.
    """
    from matteplug import plugins  # late, as above

    registry = plugins.registry()
    first = usual(guide, commercial)
    better = {spec.id: _ratio(spec, first) for spec in _candidates(guide, commercial)}
    better = {name: ratio for name, ratio in better.items() if name in registry.added and ratio < 1}
    return registry.network(min(better, key=better.__getitem__)) if better else first


def usual(guide: Guide, commercial: bool = False) -> NetworkSpec:
    """Return the best of the networks that no user added: the lowest error in a manifest.

    Networks without a recorded error come last.

    Raises:
        NetworkError: there is none.
    """
    from matteplug import plugins  # late, as above

    added = plugins.registry().added
    candidates = [spec for spec in _candidates(guide, commercial) if spec.id not in added]
    if candidates:
        return min(candidates, key=lambda spec: spec.mean_sad)  # of equals, the first one listed
    only = " that may be used commercially" if commercial else ""
    raise NetworkError(
        "no-network",
        f"No network for {_WORDS[guide]}{only} is installed.",
        "See `matteplug networks`." if guide is Guide.TRIMAP else "Give a trimap or a selection.",
    )


def _candidates(guide: Guide, commercial: bool) -> list[NetworkSpec]:
    from matteplug import plugins  # late, as above

    specs = plugins.registry().networks.values()
    allowed = [spec for spec in specs if not commercial or spec.commercial == "yes"]
    return [spec for spec in allowed if spec.guide is guide]


def _ratio(spec: NetworkSpec, first: NetworkSpec) -> float:
    """Return a network's error in relation to another's, the highest of what was measured here."""
    ratios = []
    for part in spec.metrics.values():
        beside = part.get("beside") if isinstance(part, Mapping) else None
        if isinstance(beside, Mapping) and beside.get("network") == first.id and "sad" in part:
            ratios.append(part["sad"] / max(beside["sad"], 1e-9))
    return max(ratios, default=math.inf)
