"""Lab 03: which cases the frozen model gets to see."""
