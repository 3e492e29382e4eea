"""A green-screen keyer, as a solver."""

from matteplug.hookspecs import hookimpl
from matteplug.network import Guide, NetworkSpec, TensorSpec


@hookimpl
def matteplug_networks() -> list[NetworkSpec]:
    """Return the one solver of this package."""
    return [
        NetworkSpec(
            id="chroma",
            title="Green-screen keyer",
            guide=Guide.NONE,
            inputs=(TensorSpec(name="image", role="image", channels=3),),
            outputs=(TensorSpec(name="alpha", role="alpha", channels=1),),
            solver="matteplug_chroma.keyer:solve",
            licence="CC0-1.0",
        )
    ]
