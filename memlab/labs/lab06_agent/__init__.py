"""Lab 06: an agent that learns without weights."""
