"""Which network makes a matte: the requested one, or the best for the guide."""

from __future__ import annotations

from matteplug.errors import NetworkError, RequestError
from matteplug.network import Guide, NetworkSpec
from matteplug.types import MatteRequest

__all__ = ["best", "choose"]

_WORDS = {
    Guide.NONE: "a picture without a guide",
    Guide.TRIMAP: "a trimap",
    Guide.PLATE: "a plate",
}


def choose(request: MatteRequest) -> NetworkSpec:
    """Return the network that `request` names, or the `best` one for its guide.

    Raises:
        NetworkError: the named network is unknown, or none is for the guide.
        RequestError: the named network needs a guide that was not given.
    """
    from matteplug import plugins  # late: discovery takes longer to import than all the rest

    registry = plugins.registry()
    if request.network is not None:
        spec = registry.network(request.network)
        given = {Guide.TRIMAP: request.trimap, Guide.PLATE: request.plate}
        if spec.guide is not Guide.NONE and given[spec.guide] is None:
            raise RequestError(
                "guide-missing",
                f"The network {spec.id} needs a {spec.guide.value}.",
                f"Give a {spec.guide.value}, or name no network.",
            )
        return spec
    if request.trimap is not None:
        return best(Guide.TRIMAP)
    return best(Guide.NONE if request.plate is None else Guide.PLATE)


def best(guide: Guide) -> NetworkSpec:
    """Return the best network for a guide: the lowest error that a manifest records.

    Networks without a recorded error come last.

    Raises:
        NetworkError: there is none.
    """
    from matteplug import plugins  # late, as above

    registry = plugins.registry()
    candidates = [spec for spec in registry.networks.values() if spec.guide is guide]
    if candidates:
        return min(candidates, key=lambda spec: spec.mean_sad)  # of equals, the first one listed
    raise NetworkError(
        "no-network",
        f"No network for {_WORDS[guide]} is installed.",
        "See `matteplug plugins`." if guide is Guide.TRIMAP else "Give a trimap or a selection.",
    )
