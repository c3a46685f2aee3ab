"""Learning by changing parameters, beside the agent that changes its memory: arrays in, arrays out."""
