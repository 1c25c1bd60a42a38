"""What the embedded model learns its language from: conversations generated from labels, and their vocabulary."""
