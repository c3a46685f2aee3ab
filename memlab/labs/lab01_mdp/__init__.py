"""Lab 01: the memory-augmented MDP."""
