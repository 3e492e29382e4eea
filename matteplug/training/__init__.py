"""Training: scenes, datasets, losses, the trainer.  Needs the extra “train”."""
