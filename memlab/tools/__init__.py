"""For those who build memlab: the notebook builder, the benches, the sizes. No notebook imports these."""
