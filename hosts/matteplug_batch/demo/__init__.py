"""A first look: four photographs with four kinds of guide, their cutouts, and a contact sheet."""
