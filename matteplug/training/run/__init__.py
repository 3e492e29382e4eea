"""A training run: its folder, its loop and its schedule, what is trained, and its checkpoints."""
