"""Entra: who signs in with its tokens, and tokens of our own for Microsoft's services."""
