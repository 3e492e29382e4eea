"""A first look: four photographs, their cutouts, and a contact sheet."""
