"""Lab 08: what is lost when a document is edited, edited back, and so on, and which way to edit loses less."""
