"""Lab 07: the generation-verification gap, and who may write to a memory."""
