"""Programs on this machine: where their plug-ins go, installing ours, checking them."""
