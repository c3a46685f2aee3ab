# Each target is one call, so that Windows needs no make: `py -m memlab lab` does the same.
PYTHON ?= python3

.PHONY: lab test bench notebooks

lab:
	$(PYTHON) -m memlab lab

test:
	$(PYTHON) -m memlab test

bench:
	$(PYTHON) -m memlab bench

notebooks:
	$(PYTHON) -m memlab notebooks
