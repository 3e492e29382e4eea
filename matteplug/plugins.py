"""Discovery: which networks, families, hosts and commands there are; which plug-ins are broken.

Plug-ins are entry points in the group ``matteplug``; the built-in ones come in the same way.  A
plug-in that cannot be imported, misspells a hook, raises, or brings a name that is taken is
recorded with its reason and left out whole; it never stops the rest.  The library's own
distribution is loaded first, then the others by name, so the result does not depend on the order
of installation.

Environment:
    MATTEPLUG_PLUGINS: entry-point names to load, separated by commas; all others are left out.
    MATTEPLUG_TRACE: any value prints every hook call to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from matteplug import hookspecs
from matteplug.errors import MatteplugError, NetworkError, PluginError
from matteplug.hookspecs import GROUP, Command
from matteplug.host import HostSpec
from matteplug.network import FamilySpec, NetworkSpec, PublicCheckpoint


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One entry point and what became of it.

    Attributes:
        name: the entry point's name.
        distribution: name and version of the distribution that brings it.
        networks, families, hosts, commands: names of what it brought.
        broken: why it was left out; empty for a plug-in that works.
    """

    name: str
    distribution: str
    networks: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    broken: str = ""


@dataclass
class Registry:
    """Everything that plug-ins brought; an add that fails changes nothing."""

    networks: dict[str, NetworkSpec] = field(default_factory=dict)
    families: dict[str, FamilySpec] = field(default_factory=dict)
    public_checkpoints: dict[str, tuple[FamilySpec, PublicCheckpoint]] = field(default_factory=dict)
    hosts: dict[str, HostSpec[Any]] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    plugins: list[Plugin] = field(default_factory=list)
    _owners: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(
        self,
        name: str,
        distribution: str,
        *,
        networks: Iterable[NetworkSpec] = (),
        families: Iterable[FamilySpec] = (),
        hosts: Iterable[HostSpec[Any]] = (),
        commands: Iterable[Command] = (),
    ) -> Plugin:
        """Take all that one plug-in brings, or nothing.

        Raises:
            PluginError: a name is not lower case, or is taken; both distributions are named.
        """
        brought: list[tuple[str, str, Any]] = [
            *(("network", spec.id, spec) for spec in networks),
            *(("host", host.id, host) for host in hosts),
            *(("command", command.name, command) for command in commands),
        ]
        for family in families:
            brought.append(("family", family.id, family))
            for public in family.public_checkpoints:
                brought.append(("public checkpoint", public.name, (family, public)))
        owners = dict(self._owners)
        for kind, key, _ in brought:
            if not key or key != key.lower():
                raise PluginError(
                    "name-invalid", f"The {kind} name {key!r} of {distribution} is not lower case."
                )
            if (kind, key) in owners:
                raise PluginError(
                    "name-taken",
                    f"Both {owners[kind, key]} and {distribution} bring a {kind} named {key!r}.",
                    "Uninstall one of them, or limit loading with MATTEPLUG_PLUGINS.",
                )
            owners[kind, key] = distribution
        self._owners = owners
        shelves: dict[str, dict[str, Any]] = {
            "network": self.networks,
            "family": self.families,
            "public checkpoint": self.public_checkpoints,
            "host": self.hosts,
            "command": self.commands,
        }
        for kind, key, value in brought:
            shelves[kind][key] = value

        def names(wanted: str) -> tuple[str, ...]:
            return tuple(key for kind, key, _ in brought if kind == wanted)

        plugin = Plugin(
            name=name,
            distribution=distribution,
            networks=names("network"),
            families=names("family"),
            hosts=names("host"),
            commands=names("command"),
        )
        self.plugins.append(plugin)
        return plugin

    def network(self, network_id: str) -> NetworkSpec:
        """Return a network's spec.

        Raises:
            NetworkError: there is none of that name.
        """
        if network_id not in self.networks:
            raise NetworkError(
                "network-unknown",
                f"There is no network named {network_id!r}.",
                f"Known: {', '.join(sorted(self.networks)) or 'none'}. See `matteplug plugins`.",
            )
        return self.networks[network_id]

    def family(self, family_id: str) -> FamilySpec:
        """Return a family's spec.

        Raises:
            NetworkError: there is none of that name.
        """
        if family_id not in self.families:
            raise NetworkError(
                "family-unknown",
                f"No network that can be trained is called {family_id!r}.",
                f"Known: {', '.join(sorted(self.families)) or 'none'}. See `matteplug plugins`.",
            )
        return self.families[family_id]

    def public_checkpoint(self, name: str) -> tuple[FamilySpec, PublicCheckpoint]:
        """Return what takes over the published checkpoints of that name, and its family.

        Raises:
            NetworkError: nothing does.
        """
        if name not in self.public_checkpoints:
            raise NetworkError(
                "checkpoint-unknown",
                f"There is no import for checkpoints called {name!r}.",
                f"Known: {', '.join(sorted(self.public_checkpoints)) or 'none'}.",
            )
        return self.public_checkpoints[name]


def load(points: Iterable[EntryPoint], trace: bool = False) -> Registry:
    """Load plug-ins from entry points into a new registry; broken ones are recorded there."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    if trace:
        manager.trace.root.setwriter(lambda text: sys.stderr.write(f"matteplug: {text}"))
        manager.enable_tracing()
    registry = Registry()
    for point in sorted(points, key=_load_order):
        try:
            _register(manager, registry, point)
        except (Exception, SystemExit) as error:  # a stranger's code may do anything
            registry.plugins.append(
                Plugin(name=point.name, distribution=_distribution(point), broken=_reason(error))
            )
    return registry


@lru_cache
def registry() -> Registry:
    """Return what the installed plug-ins bring; loaded on first use."""
    points: Iterable[EntryPoint] = entry_points(group=GROUP)
    if "MATTEPLUG_PLUGINS" in os.environ:
        wanted = {name.strip() for name in os.environ["MATTEPLUG_PLUGINS"].split(",")}
        points = [point for point in points if point.name in wanted]
    return load(points, trace=bool(os.environ.get("MATTEPLUG_TRACE")))


def resolve(dotted: str) -> Any:
    """Return what a dotted name "package.module:name" stands for.

    Raises:
        PluginError: it cannot be imported.
    """
    try:
        return EntryPoint(name=dotted, value=dotted, group=GROUP).load()
    except Exception as error:  # a stranger's module may raise anything
        raise PluginError("dotted-name", f"{dotted} cannot be loaded: {error}.") from error


def _register(manager: pluggy.PluginManager, into: Registry, point: EntryPoint) -> None:
    plugin = point.load()
    manager.register(plugin, name=f"{_distribution(point)}:{point.name}")
    try:
        manager.check_pending()
        others = [other for other in manager.get_plugins() if other is not plugin]

        def brought(hook: str) -> list[Any]:
            results = manager.subset_hook_caller(hook, remove_plugins=others)()
            return [item for result in results for item in result]

        into.add(
            point.name,
            _distribution(point),
            networks=brought("matteplug_networks"),
            families=brought("matteplug_families"),
            hosts=brought("matteplug_hosts"),
            commands=brought("matteplug_commands"),
        )
    except Exception:
        manager.unregister(plugin)
        raise


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"


def _load_order(point: EntryPoint) -> tuple[bool, str, str]:
    name = point.dist.name if point.dist else ""
    return name != "matteplug", name, point.name


def _reason(error: BaseException) -> str:
    if isinstance(error, MatteplugError):
        return str(error)
    return f"{type(error).__name__}: {error}"
