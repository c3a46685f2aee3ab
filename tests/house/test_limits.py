"""The limits of the house: what is shared, a lab, the names a notebook uses. A size above its limit may only fall."""

import pytest

from memlab.tools import notebooks, sizes

SHARED, LAB, NAMES, TWICE = 6000, 300, 15, 0  # what the house asks for
# Where more stands today: lower the figure when it falls, drop the line when the limit holds.
TODAY = {
    "shared": 9324,
}


def measured() -> dict[str, tuple[int, int]]:
    """What is counted, and its limit."""
    lines = sizes.house()
    found = {"shared": (lines["shared"] + lines["tools"], SHARED), "twice": (len(sizes.twice()), TWICE)}
    found |= {part: (count, LAB) for part, count in lines.items() if part.startswith("lab")}
    for source in notebooks.sources():
        code = sizes.code(notebooks.read(source, solutions=False).cells)
        found[source.stem] = (len(sizes.names("\n".join(code))), NAMES)
    return found


MEASURED = measured()


@pytest.mark.parametrize("what", MEASURED)
def test_no_size_grows_beyond_its_limit(what):
    size, limit = MEASURED[what]
    assert size <= max(limit, TODAY.get(what, 0)), f"{what} has grown: look for what can go (python -m memlab sizes)"


def test_what_is_noted_as_too_large_is_still_so():
    assert {what: figure for what, figure in TODAY.items() if MEASURED[what][0] <= MEASURED[what][1]} == {}
