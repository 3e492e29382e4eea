"""What the validation scenes show: one function per style, which builds it around the origin.

Runs where `bpy` is installed.  The camera looks along +y; about 2.4 units are in view.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from materials import glass, hair, matte, printed
from strands import grow, tube

Rng = np.random.Generator
Build = Callable[[Rng, list[Path]], list[object]]
"""Adds a subject's objects, coloured at random or by photographs; returns those among them whose
place the trimaps must not give away."""


def ball(rng: Rng, radius: float, material: object, centre: tuple = (0, 0, 0), rough: float = 0.15):
    """Add a lumpy ball."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=5, radius=radius, location=centre)
    body = bpy.context.object
    coordinates = np.empty(len(body.data.vertices) * 3, np.float32)
    body.data.vertices.foreach_get("co", coordinates)
    points = coordinates.reshape(-1, 3)
    for _ in range(6):
        wave, phase = rng.normal(0, 3 / radius, 3), rng.uniform(0, 2 * math.pi)
        points *= 1 + rough / 4 * np.sin(points @ wave + phase)[:, None]
    body.data.vertices.foreach_set("co", points.ravel())
    body.data.materials.append(material)
    bpy.ops.object.shade_smooth()
    return body


def furred(rng: Rng, body: object, coat: object, length: float, count: int) -> None:
    """Let particle hair grow on a body."""
    body.data.materials.append(coat)
    body.modifiers.new("coat", "PARTICLE_SYSTEM")
    settings = body.particle_systems[0].settings
    settings.type = "HAIR"
    settings.count, settings.hair_step, settings.display_step = count, 4, 4
    settings.render_step = 4
    settings.hair_length = length
    settings.child_type = "INTERPOLATED"
    settings.rendered_child_count = 8
    settings.clump_factor = rng.uniform(-0.2, 0.8)
    settings.roughness_1, settings.roughness_2 = rng.uniform(0, 0.03), rng.uniform(0, 0.08)
    settings.roughness_endpoint = rng.uniform(0, 0.1)
    settings.brownian_factor = rng.uniform(0, 0.1)
    settings.tangent_factor = rng.uniform(-0.1, 0.1)
    settings.object_align_factor = rng.normal(0, 0.03, 3)
    settings.root_radius, settings.tip_radius = 1.0, 0.1
    settings.radius_scale = rng.uniform(0.004, 0.012)
    settings.material = len(body.data.materials)
    body.particle_systems[0].seed = int(rng.integers(1 << 20))


def fur(rng: Rng, photographs: list[Path]) -> list[object]:
    """A furry ball, mostly with a smaller one beside it."""
    coat = hair(rng, rng.uniform(0.0, 0.9))
    for _ in range(int(rng.integers(1, 3))):
        centre = tuple(rng.uniform(-0.6, 0.6, 3) * (1, 0.5, 1))
        body = ball(rng, rng.uniform(0.35, 0.75), matte(rng), centre)
        furred(rng, body, coat, float(np.exp(rng.uniform(np.log(0.1), np.log(0.45)))), 1600)
    return []


def locks(rng: Rng, melanin: float) -> None:
    """A head with long hair that falls and flies, before shoulders."""
    skin = matte(rng)
    ball(rng, 0.5, skin, (0, 0, 0.25), 0.03)
    ball(rng, 0.75, matte(rng), (0, 0.1, -1.1), 0.05)
    coat = hair(rng, melanin)
    count = int(rng.integers(4000, 9000))
    turn, rise = rng.uniform(0, 2 * math.pi, count), np.arcsin(rng.uniform(-0.1, 1, count))
    outward = np.stack([np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)], 1)
    grow(
        rng,
        outward * 0.5 + np.array((0, 0, 0.25)),
        outward + np.array((0, 0, 0.3)),
        rng.uniform(0.5, 1.3) * rng.uniform(0.7, 1.1, count),
        coat,
        fall=rng.uniform(0.6, 2.2),
        unruly=rng.uniform(0.05, 0.35),
        curl=rng.uniform(0, 0.12),
        lock=int(rng.integers(8, 60)),
        radius=rng.uniform(0.0015, 0.0035),
    )


def long_hair(rng: Rng, photographs: list[Path]) -> list[object]:
    """Long hair of any colour."""
    locks(rng, rng.uniform(0.05, 0.9))
    return []


def dark_hair(rng: Rng, photographs: list[Path]) -> list[object]:
    """Dark hair; the background is to be dark, too."""
    locks(rng, rng.uniform(0.9, 1.0))
    return []


def flyaways(rng: Rng, photographs: list[Path]) -> list[object]:
    """A body with a short coat and a few very long hairs."""
    body = ball(rng, rng.uniform(0.35, 0.6), matte(rng), tuple(rng.uniform(-0.3, 0.3, 3)))
    coat = hair(rng, rng.uniform(0.1, 1.0))
    furred(rng, body, coat, 0.06, 1200)
    count = int(rng.integers(15, 120))
    outward = rng.normal(0, 1, (count, 3)) * (1, 0.4, 1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    grow(
        rng,
        outward * 0.35 + np.array(body.location),
        outward,
        rng.uniform(0.6, 1.6, count),
        coat,
        fall=rng.uniform(-0.2, 0.8),
        unruly=rng.uniform(0.2, 0.6),
        curl=rng.uniform(0, 0.1),
        lock=1,
        radius=rng.uniform(0.0015, 0.004),
    )
    return []


def plant(rng: Rng, photographs: list[Path]) -> list[object]:
    """Stems with leaves, out of a pot or a hedge's edge."""
    stem, leaf = matte(rng, hue=rng.uniform(0.05, 0.12)), matte(rng, hue=rng.uniform(0.18, 0.36))
    at, where = np.zeros((0, 3)), []
    for _ in range(int(rng.integers(3, 9))):
        start = np.array([rng.normal(0, 0.2), rng.normal(0, 0.2), -1.3])
        path = [start]
        heading = np.array([rng.normal(0, 0.35), rng.normal(0, 0.35), 1.0])
        for _ in range(12):
            heading = heading + rng.normal(0, 0.25, 3)
            path.append(path[-1] + 0.2 * heading / np.linalg.norm(heading))
        tube(np.array(path), rng.uniform(0.008, 0.025), stem)
        where.append(np.array(path[3:]))
    places = np.concatenate([at, *where])
    leaves(rng, places[rng.integers(0, len(places), int(rng.integers(80, 420)))], leaf)
    return []


def leaves(rng: Rng, places: np.ndarray, material: object) -> None:
    """Add a bent pointed leaf at each place, as one mesh."""
    along = np.linspace(0, 1, 6)
    length, plump = rng.uniform(0.15, 0.45), rng.uniform(0.15, 0.45)
    half = plump * np.sin(np.pi * along)
    bend = -rng.uniform(0, 0.5) * along**2
    strip = np.stack([np.stack([along, side * half, bend], 1) for side in (1, 0, -1)], 1)
    strip[:, 1, 2] -= 0.05
    vertices, faces = [], []
    for place in places:
        turn = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0]
        first = len(vertices) * 18
        vertices.append(place + length * rng.uniform(0.5, 1.2) * strip.reshape(-1, 3) @ turn)
        for row in range(5):
            for column in range(2):
                corner = first + 3 * row + column
                faces.append((corner, corner + 1, corner + 4, corner + 3))
    mesh = bpy.data.meshes.new("leaves")
    mesh.from_pydata(np.concatenate(vertices).tolist(), [], faces)
    mesh.materials.append(material)
    bpy.context.collection.objects.link(bpy.data.objects.new("leaves", mesh))


def wires(rng: Rng, hole: float, thick: float, cylinder: bool) -> object:
    """Add a sheet or an open cylinder of wires."""
    if cylinder:
        radius, height = rng.uniform(0.5, 0.9), rng.uniform(0.8, 1.6)
        around = int(2 * math.pi * radius / hole)
        rows = max(2, int(height / hole))
        angle = np.linspace(0, 2 * math.pi, around, endpoint=False)
        level = np.linspace(-height / 2, height / 2, rows)
        taper = 1 + rng.uniform(-0.3, 0.3) * level / height
        grid = np.stack(
            [
                radius * taper[:, None] * np.cos(angle),
                radius * taper[:, None] * np.sin(angle),
                np.repeat(level[:, None], around, 1),
            ],
            2,
        )
        faces = [
            (
                r * around + c,
                r * around + (c + 1) % around,
                (r + 1) * around + (c + 1) % around,
                (r + 1) * around + c,
            )
            for r in range(rows - 1)
            for c in range(around)
        ]
    else:
        count = int(2.2 / hole)
        u, v = np.meshgrid(np.linspace(-1, 1, count), np.linspace(-1, 1, count))
        wave = sum(
            rng.normal(0, 0.12) * np.sin(rng.normal(0, 3) * u + rng.normal(0, 3) * v + k)
            for k in range(4)
        )
        grid = np.stack([u * rng.uniform(0.7, 1.1), wave, v * rng.uniform(0.7, 1.1)], 2)
        faces = [
            (r * count + c, r * count + c + 1, (r + 1) * count + c + 1, (r + 1) * count + c)
            for r in range(count - 1)
            for c in range(count - 1)
        ]
    mesh = bpy.data.meshes.new("wires")
    mesh.from_pydata(grid.reshape(-1, 3).tolist(), [], faces)
    mesh.materials.append(matte(rng, shiny=True))
    made = bpy.data.objects.new("wires", mesh)
    bpy.context.collection.objects.link(made)
    frame = made.modifiers.new("wires", "WIREFRAME")
    frame.thickness, frame.use_even_offset = thick, False
    made.rotation_euler = rng.normal(0, 0.25, 3)
    return made


def net(rng: Rng, photographs: list[Path]) -> list[object]:
    """A waving net and a ball before or behind it."""
    wires(rng, rng.uniform(0.03, 0.12), rng.uniform(0.006, 0.02), False)
    ball(rng, rng.uniform(0.2, 0.45), matte(rng), tuple(rng.uniform(-0.6, 0.6, 3)))
    return []


def basket(rng: Rng, photographs: list[Path]) -> list[object]:
    """A wire basket, seen through twice, with a ball in it."""
    wires(rng, rng.uniform(0.025, 0.08), rng.uniform(0.006, 0.018), True)
    ball(rng, rng.uniform(0.2, 0.4), matte(rng), (0, 0, -0.2))
    return []


def vessel(rng: Rng, photographs: list[Path]) -> list[object]:
    """A glass with an opaque thing beside it."""
    level = np.linspace(0, 1, 14)
    reach = 0.15 + 0.45 * np.abs(np.sin(rng.uniform(1, 4) * level + rng.uniform(0, 2)))
    angle = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    grid = np.stack(
        [
            reach[:, None] * np.cos(angle),
            reach[:, None] * np.sin(angle),
            np.repeat((2 * level[:, None] - 1) * 0.9, 48, 1),
        ],
        2,
    )
    faces = [
        (r * 48 + c, r * 48 + (c + 1) % 48, (r + 1) * 48 + (c + 1) % 48, (r + 1) * 48 + c)
        for r in range(13)
        for c in range(48)
    ]
    mesh = bpy.data.meshes.new("glass")
    mesh.from_pydata(grid.reshape(-1, 3).tolist(), [], faces)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    mesh.materials.append(glass(rng))
    made = bpy.data.objects.new("glass", mesh)
    bpy.context.collection.objects.link(made)
    made.modifiers.new("wall", "SOLIDIFY").thickness = 0.03
    made.rotation_euler = rng.normal(0, 0.2, 3)
    made.location.x = rng.uniform(-0.3, 0.3)
    ball(rng, rng.uniform(0.25, 0.45), matte(rng), (rng.choice([-0.8, 0.8]), 0, -0.5))
    return []


def out_of_focus(rng: Rng, photographs: list[Path]) -> list[object]:
    """A furry ball in focus, and sticks and a ball before and behind the focus."""
    fur(rng, photographs)
    for _ in range(int(rng.integers(2, 6))):
        ends = rng.uniform(-1.3, 1.3, (2, 3)) + np.array((0, rng.uniform(-2.0, 1.0), 0))
        tube(np.linspace(*ends, 8), rng.uniform(0.01, 0.06), matte(rng))
    camera = bpy.context.scene.camera
    camera.data.dof.use_dof = True
    camera.data.dof.focus_distance = -camera.location.y
    camera.data.dof.aperture_fstop = rng.uniform(0.1, 0.5)
    return []


def yarn(rng: Rng, photographs: list[Path]) -> list[object]:
    """Twisted yarns that hang from a bar as a fringe, with fuzz."""
    wool = matte(rng)
    width = rng.uniform(0.02, 0.07)
    tube(np.linspace((-1.0, 0, 0.9), (1.0, 0, 0.9 + rng.normal(0, 0.1)), 4), 0.12, matte(rng))
    roots, outward = [], []
    for x in np.arange(-0.9, 0.9, width * rng.uniform(2.2, 5.0)):
        t = np.linspace(0, 1, 60)
        sway = rng.normal(0, 0.15) * t + 0.05 * np.sin(rng.uniform(2, 9) * t + rng.uniform(0, 6))
        middle = np.stack([x + sway, rng.normal(0, 0.05) * t, 0.85 - rng.uniform(0.9, 1.7) * t], 1)
        turn = rng.uniform(30, 60) * t
        for phase in (0, math.pi):
            ring = np.stack([np.cos(turn + phase), np.sin(turn + phase), 0 * t], 1)
            tube(middle + 0.5 * width * ring, 0.62 * width, wool)
        chosen = rng.integers(0, 60, 60)
        side = rng.normal(0, 1, (60, 3))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        roots.append(middle[chosen] + side * width)
        outward.append(side)
    count = 60 * len(roots)
    grow(
        rng,
        np.concatenate(roots),
        np.concatenate(outward),
        width * rng.uniform(0.5, 2.0, count),
        wool,
        fall=0.2,
        unruly=0.5,
        curl=0.0,
        lock=1,
        radius=0.0015,
    )
    return []


def things(rng: Rng, photographs: list[Path]) -> list[object]:
    """A furry body that holds a flag, or has a bag or a stick, in colours of its own."""
    fur(rng, photographs)
    cloth = printed(rng, photographs)
    side = float(rng.choice([-1, 1]))
    kind = rng.random()
    if kind < 0.6:
        count = 24
        u, v = np.meshgrid(np.linspace(0, 1, count), np.linspace(-0.5, 0.5, count))
        wide, high = rng.uniform(0.5, 1.0), rng.uniform(0.3, 0.9)
        wave = 0.1 * u * np.sin(rng.uniform(4, 9) * u + 2 * v)
        grid = np.stack([side * (0.2 + u * wide), wave - 0.3, v * high + rng.uniform(-0.3, 0.4)], 2)
        faces = [
            (r * count + c, r * count + c + 1, (r + 1) * count + c + 1, (r + 1) * count + c)
            for r in range(count - 1)
            for c in range(count - 1)
        ]
        mesh = bpy.data.meshes.new("flag")
        mesh.from_pydata(grid.reshape(-1, 3).tolist(), [], faces)
        mesh.materials.append(cloth)
        made = bpy.data.objects.new("flag", mesh)
        bpy.context.collection.objects.link(made)
        return [made]
    if kind < 0.8:
        return [ball(rng, rng.uniform(0.25, 0.4), cloth, (side * 0.7, -0.3, -0.3), 0.3)]
    ends = np.array([(0, -0.3, 0), (side * rng.uniform(0.9, 1.4), -0.3, rng.uniform(-0.9, 0.9))])
    return [tube(np.linspace(*ends, 6), rng.uniform(0.02, 0.09), cloth)]


STYLES: dict[str, Build] = {
    "fur": fur,
    "hair": long_hair,
    "dark": dark_hair,
    "flyaways": flyaways,
    "plants": plant,
    "camouflage": plant,
    "net": net,
    "basket": basket,
    "glass": vessel,
    "focus": out_of_focus,
    "yarn": yarn,
    "things": things,
}
