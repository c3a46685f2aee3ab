"""Lab 04: reward over traces of behavior."""
