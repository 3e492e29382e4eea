"""Bodies: their shapes, poses and parts."""
