"""The built-in subcommands, which come in by the same hook as anyone else's.

Each command's own module is light; what it needs to run is imported when it runs.
"""

from __future__ import annotations

from collections.abc import Iterable

from matteplug.commands import doctor, export, hosts, import_checkpoint, networks, plugins
from matteplug.evaluation import command as evaluate
from matteplug.hookspecs import Command, hookimpl
from matteplug.training import command as train


@hookimpl
def matteplug_commands() -> Iterable[Command]:
    """Return the subcommands of the library itself."""
    return [
        plugins.command(),
        networks.command(),
        hosts.command(),
        evaluate.command(),
        train.command(),
        doctor.command(),
        export.command(),
        import_checkpoint.command(),
    ]
