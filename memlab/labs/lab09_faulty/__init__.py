"""Lab 09: memories that become faulty when they are rewritten."""
