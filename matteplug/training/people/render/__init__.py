"""From a person to a picture: lights, materials' pigments, rasterising, shading and finishing."""
