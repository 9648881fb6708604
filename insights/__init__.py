"""The product: use-cases and their seams. Knows no web, no Teams, no vendor."""
