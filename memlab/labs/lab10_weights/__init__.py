"""Lab 10: memory or weights."""
