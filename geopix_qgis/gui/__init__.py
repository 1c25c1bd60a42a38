"""Widgets: they show what the conversation knows and hold no state of their own."""
