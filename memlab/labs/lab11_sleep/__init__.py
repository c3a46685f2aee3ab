"""Lab 11: sleep, consolidation into fast weights."""
