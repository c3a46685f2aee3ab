"""Lab 02: what it costs to keep a memory."""
