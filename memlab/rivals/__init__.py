"""Other ways to learn from memory, each one small file with the agent's interface."""
