"""Published checkpoints on this machine: fetched from a hub or imported from a folder, pinned, verified, removed."""
