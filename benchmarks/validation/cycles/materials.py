"""Materials: matte or shiny surfaces, hair, glass, and cloth printed with a photograph."""

from __future__ import annotations

import colorsys
from pathlib import Path

import bpy
import numpy as np

Rng = np.random.Generator


def matte(rng: Rng, *, hue: float | None = None, shiny: bool = False) -> object:
    """Return a surface of one colour, of a hue if one is given."""
    material, shader = _shaded("ShaderNodeBsdfPrincipled")
    tint = rng.random() if hue is None else hue + rng.normal(0, 0.03)
    colour = colorsys.hsv_to_rgb(tint % 1, rng.uniform(0.05, 0.75), rng.uniform(0.03, 0.8))
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = rng.uniform(0.2, 0.5) if shiny else 0.8
    shader.inputs["Metallic"].default_value = float(shiny and rng.random() < 0.6)
    return material


def hair(rng: Rng, melanin: float) -> object:
    """Return hair; `melanin` from 0, white, to 1, black.

    Cycles has a shader for hair, which takes several times as long.
    """
    material, shader = _shaded("ShaderNodeBsdfPrincipled")
    red, level = rng.uniform(0.0, 0.6), 0.75 * (1 - melanin) ** 1.5 + 0.008
    colour = level * np.array([1.0, 1 - 0.5 * red, 1 - 0.8 * red])
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = rng.uniform(0.3, 0.7)
    return material


def glass(rng: Rng) -> object:
    """Return tinted glass."""
    material, shader = _shaded("ShaderNodeBsdfGlass")
    shader.inputs["Color"].default_value = (*rng.uniform(0.75, 1, 3), 1)
    shader.inputs["IOR"].default_value = rng.uniform(1.1, 1.5)
    return material


def printed(rng: Rng, photographs: list[Path]) -> object:
    """Return cloth printed with a photograph."""
    material, shader = _shaded("ShaderNodeBsdfPrincipled")
    shader.inputs["Roughness"].default_value = 0.9
    nodes, links = material.node_tree.nodes, material.node_tree.links
    picture, place, scale = (
        nodes.new(f"ShaderNode{kind}") for kind in ("TexImage", "TexCoord", "Mapping")
    )
    path = photographs[int(rng.integers(len(photographs)))]
    picture.image = bpy.data.images.load(str(path), check_existing=True)
    picture.extension = "MIRROR"
    scale.inputs["Scale"].default_value = [rng.uniform(0.5, 3)] * 3
    scale.inputs["Rotation"].default_value = (1.5708, 0, rng.uniform(0, 6))
    links.new(place.outputs["Object"], scale.inputs["Vector"])
    links.new(scale.outputs["Vector"], picture.inputs["Vector"])
    links.new(picture.outputs["Color"], shader.inputs["Base Color"])
    return material


def _shaded(shader_name: str) -> tuple[object, object]:
    material = bpy.data.materials.new("material")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    shader, output = nodes.new(shader_name), nodes.new("ShaderNodeOutputMaterial")
    material.node_tree.links.new(shader.outputs[0], output.inputs["Surface"])
    return material, shader
