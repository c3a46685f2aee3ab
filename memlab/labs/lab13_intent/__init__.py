"""Lab 13: what is lost when an intent comes over several turns, and who finds it again."""
