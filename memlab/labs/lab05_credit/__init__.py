"""Lab 05: who earns the credit, and where the lesson is stored."""
