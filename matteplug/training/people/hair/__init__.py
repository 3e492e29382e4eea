"""Hair: styles, and the strands they are made of."""
