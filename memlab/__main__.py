"""``python -m memlab VERB``: make the environment if need be, then hand over to `memlab.cli`."""

import sys

from memlab import bootstrap

if __name__ == "__main__":
    bootstrap.ensure(sys.argv[1:])
    from memlab.cli import main

    main()
