"""The Teams bot: activities in, Adaptive Cards out."""
