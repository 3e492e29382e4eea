"""Discovery: which networks, families, hosts and commands there are; which plug-ins are broken.

Plug-ins are entry points in the group ``matteplug``, the built-in ones too.  A plug-in that cannot
be imported, misspells a hook, raises anything, prints to standard output, does not end, ends the
process, or provides something invalid or a name that is taken is recorded with the reason and
skipped entirely; it never stops the rest.  The library's own distribution is loaded first, then the
others by name, so the result does not depend on the order of installation.

A third party's plug-in has `LIMIT_S` to be imported and to answer its hooks; all of them together
have `TOTAL_S`, of which each gets at least a second.  It is tried in a process of its own before
this one imports it: once, until one of its files changes.

Environment:
    MATTEPLUG_PLUGINS: entry-point names to load, separated by commas; all others are skipped.
    MATTEPLUG_TRACE: any value prints every hook call to standard error.
    MATTEPLUG_PLUGIN_SECONDS: another limit than `LIMIT_S`, and then none for all together.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.metadata import Distribution, EntryPoint, distributions, version
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pluggy

from matteplug import cache, folders, hookspecs, weights
from matteplug.errors import NetworkError, PluginError, known_names
from matteplug.hookspecs import GROUP, Command
from matteplug.host import HostSpec
from matteplug.network import FamilySpec, NetworkSpec, PublicCheckpoint
from matteplug.plugin_guard import guarded, reason
from matteplug.plugin_trial import Allowance, outcomes

__all__ = ["Plugin", "Registry", "load", "registry", "resolve"]

USER_NETWORKS = "user-networks"
"""The entry point of the networks that the user added, as files."""
LIMIT_S, TOTAL_S = 10.0, 20.0
_LEAST_S = 1.0
_MOST = 1000
"""Things of a kind that one plug-in may bring."""
TRIED = "plugins.json"
_KEPT, _MOST_FILES = 200, 2000
"""Number of tried plug-ins kept, and of files looked at for a change."""
_BRINGS = {
    "networks": NetworkSpec,
    "families": FamilySpec,
    "hosts": HostSpec,
    "commands": Command,
}


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One entry point and what became of it.

    Attributes:
        name: the entry point's name.
        distribution: name and version of its distribution.
        networks, families, hosts, commands: names of what it provides.
        broken: why it was skipped; empty for a plug-in that works.
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
    """Everything that plug-ins provide; an `add` that fails changes nothing."""

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
        """Add everything that one plug-in provides, or nothing.

        Raises:
            PluginError: a name is taken; the message names both distributions.
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
            if (kind, key) in owners:
                raise PluginError(
                    "name-taken",
                    f"Both {owners[kind, key]} and {distribution} provide a {kind} named {key!r}.",
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

    @property
    def added(self) -> frozenset[str]:
        """Return the ids of the networks that the user added, as files."""
        of_user = (plugin.networks for plugin in self.plugins if plugin.name == USER_NETWORKS)
        return frozenset().union(*of_user)

    def network(self, network_id: str) -> NetworkSpec:
        """Return a network's spec.

        Raises:
            NetworkError: there is none with that name.
        """
        if network_id not in self.networks:
            raise NetworkError(
                "network-unknown",
                f"There is no network named {network_id!r}.",
                f"{known_names(network_id, sorted(self.networks))} See `matteplug plugins`.",
            )
        return self.networks[network_id]

    def family(self, family_id: str) -> FamilySpec:
        """Return a family's spec.

        Raises:
            NetworkError: there is none with that name.
        """
        if family_id not in self.families:
            raise NetworkError(
                "family-unknown",
                f"No network that can be trained is called {family_id!r}.",
                f"{known_names(family_id, sorted(self.families))} See `matteplug plugins`.",
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
                known_names(name, sorted(self.public_checkpoints)),
            )
        return self.public_checkpoints[name]


def load(points: Iterable[EntryPoint], trace: bool = False) -> Registry:
    """Load plug-ins from entry points into a new registry; broken ones are recorded there."""
    registry = Registry()
    points, allowance = sorted(points, key=_load_order), _allowance()
    faults = _faults([point for point in points if not _is_ours(point)], allowance)
    for point in points:
        work = partial(_brought, point, trace)
        try:
            if fault := faults.get(_item(point)):
                raise PluginError("plugin-fails", fault)
            brought = work() if _is_ours(point) else guarded(work, allowance.next_s())
            registry.add(point.name, _distribution(point), **brought)
        except (Exception, SystemExit) as error:
            registry.plugins.append(
                Plugin(name=point.name, distribution=_distribution(point), broken=reason(error))
            )
    return registry


@lru_cache
def registry() -> Registry:
    """Return what the installed plug-ins bring; loaded on first use."""
    points, unreadable = _entry_points()
    if "MATTEPLUG_PLUGINS" in os.environ:
        wanted = {name.strip() for name in os.environ["MATTEPLUG_PLUGINS"].split(",")}
        points = [point for point in points if point.name in wanted]
    loaded = load(points, trace=bool(os.environ.get("MATTEPLUG_TRACE")))
    loaded.plugins.extend(unreadable)
    for name, error in weights.manifests_in(folders.networks_folder()).damaged:
        loaded.plugins.append(Plugin(name=name, distribution=USER_NETWORKS, broken=reason(error)))
    return loaded


def resolve(dotted: str) -> Any:
    """Return what a dotted name "package.module:name" stands for.

    Raises:
        PluginError: it cannot be imported.
    """
    try:
        return EntryPoint(name=dotted, value=dotted, group=GROUP).load()
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        raise PluginError("dotted-name", f"{dotted} cannot be loaded: {reason(error)}.") from error


def _brought(point: EntryPoint, trace: bool) -> Mapping[str, list[Any]]:
    """Import a plug-in, and return what its hooks return.

    Raises:
        PluginError: that is not what the hooks are for, or cannot be used.
        BaseException: whatever the plug-in raises.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    if trace:
        manager.trace.root.setwriter(lambda text: sys.stderr.write(f"matteplug: {text}"))
        manager.enable_tracing()
    manager.register(point.load(), name=point.name)
    manager.check_pending()
    brought = {
        kind: _checked(getattr(manager.hook, f"matteplug_{kind}")(), kind) for kind in _BRINGS
    }
    for spec in brought["networks"]:
        spec.require_runnable()
        if spec.weights is not None and not _is_ours(point) and not Path(spec.weights).is_file():
            raise PluginError("weights-missing", f"There is no file {spec.weights}.")
    return brought


def _checked(results: list[Any], kind: str) -> list[Any]:
    """Return the items of all results of a hook, each of the class that the hook is for."""
    items = [item for result in results for item in islice(result, _MOST + 1)]
    if len(items) > _MOST:
        raise PluginError("plugin-endless", f"It brings more than {_MOST} {kind}.")
    for item in items:
        if type(item) is not _BRINGS[kind]:  # a subclass may do anything when it is read
            raise PluginError(
                "plugin-returns",
                f"matteplug_{kind} returned an item of the type {type(item).__name__}, "
                f"not {_BRINGS[kind].__name__}.",
            )
    return items


def _entry_points() -> tuple[list[EntryPoint], list[Plugin]]:
    """Return the entry points of all distributions, and those whose lists cannot be read.

    Of two distributions of one name the first on the path counts, as for imports.
    """
    points: list[EntryPoint] = []
    unreadable: list[Plugin] = []
    seen = set[str]()
    for distribution in distributions():
        name = ""
        try:
            if f"[{GROUP}]" not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name = _name(distribution)
            if name not in seen:
                points += [point for point in distribution.entry_points if point.group == GROUP]
        except Exception as error:
            unreadable.append(
                Plugin(name="?", distribution=name or "unknown distribution", broken=reason(error))
            )
        seen.add(name)
    return points, unreadable


def _allowance() -> Allowance:
    """Return how long strangers may take."""
    try:
        given = float(os.environ.get("MATTEPLUG_PLUGIN_SECONDS", ""))
    except ValueError:
        given = 0.0
    if given > 0:
        return Allowance(min(given, 3600.0), float("inf"), _LEAST_S)
    return Allowance(LIMIT_S, time.time() + TOTAL_S, _LEAST_S)


def _faults(points: Sequence[EntryPoint], allowance: Allowance) -> dict[str, str]:
    """Return what is wrong with plug-ins that were not found to be harmless before, by `_item`."""
    if not points:
        return {}
    stamps, kept = {_item(point): _stamp(point) for point in points}, cache.read(TRIED)
    told = outcomes(
        f"{__name__}:fault", [item for item in stamps if stamps[item] not in kept], allowance
    )
    if good := {stamps[item]: "" for item, wrong in told.items() if not wrong}:
        cache.keep(TRIED, dict(list((kept | good).items())[-_KEPT:]))
    return told


def fault(item: str, limit_s: float) -> str:
    """Return what is wrong with a plug-in; in a process that `outcomes` started."""
    name, value = json.loads(item)
    try:
        guarded(partial(_brought, EntryPoint(name, value, GROUP), False), limit_s)
    except (Exception, SystemExit) as error:
        return reason(error)
    return ""


def _item(point: EntryPoint) -> str:
    return json.dumps([point.name, point.value])


def _stamp(point: EntryPoint) -> str:
    """Return what a verdict on a plug-in holds for: versions, and its files as they are."""
    newest, top = 0, point.value.partition(":")[0].partition(".")[0]
    try:
        spec = find_spec(top)
        folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
        single = [Path(spec.origin)] if spec and spec.origin else []
        files = islice(chain(single, *(folder.rglob("*.*") for folder in folders)), _MOST_FILES)
        times = (file.stat().st_mtime_ns for file in files if file.suffix != ".pyc")
        newest = max(times, default=0)
    except Exception as error:  # a finder of an editable installation may raise anything
        top = f"{top}: {reason(error)}"
    versions = _distribution(point), version("matteplug"), sys.version
    return json.dumps([*versions, point.name, point.value, top, newest])


def _distribution(point: EntryPoint) -> str:
    if point.dist is None:
        return "unknown distribution"
    return f"{_name(point.dist)} {_field(point.dist, 'Version')}".rstrip()


def _load_order(point: EntryPoint) -> tuple[bool, str, str]:
    name = _name(point.dist) if point.dist else ""
    return name != "matteplug", name, point.name


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and _name(point.dist) == "matteplug"


def _name(distribution: Distribution) -> str:
    return _field(distribution, "Name").lower().replace("_", "-") or "unknown distribution"


def _field(distribution: Distribution, field: str) -> str:
    """Return a field of a distribution's metadata, which may be missing or damaged."""
    try:
        return str(distribution.metadata[field] or "")
    except Exception:
        return ""
