"""Lab 12: what an agent learnt, where it came from, how it is poisoned, and what it costs to take that back."""
