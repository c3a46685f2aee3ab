"""Lab 14: the what-if studio."""
