"""Empty: whoever uses it fails."""
