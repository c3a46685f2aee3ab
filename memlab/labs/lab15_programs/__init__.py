"""Lab 15: an LLM program of typed steps, what each step may see, and how it chooses its evidence."""
