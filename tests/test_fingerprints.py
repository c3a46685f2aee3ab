"""The hash of what a computation is made of: it changes with whatever can change a result, and with nothing else."""

from memlab.credit import RewriteQ
from memlab.fingerprints import fingerprint
from memlab.learners import with_memory
from memlab.retrieval import TopK

STEP = 0.5


def made(step):
    def rule(x):
        return x + step

    return rule


def uses_a_global(x):
    return x * STEP


def test_equal_things_have_equal_hashes_and_other_settings_other_ones():
    assert fingerprint(made(0.3)) == fingerprint(made(0.3)) != fingerprint(made(0.4))
    assert fingerprint(TopK(k=3)) == fingerprint(TopK(k=3)) != fingerprint(TopK(k=2))
    assert fingerprint(lambda x: x + 1) != fingerprint(lambda x: x + 2)


def test_a_learner_is_told_apart_by_any_of_its_parts():
    base = fingerprint(with_memory(TopK(), RewriteQ(step=0.5)))
    assert base == fingerprint(with_memory(TopK(), RewriteQ(step=0.5)))
    for other in (
        with_memory(TopK(), RewriteQ(step=0.7)),
        with_memory(TopK(k=1), RewriteQ(step=0.5)),
        with_memory(TopK(), RewriteQ(step=0.5), narrow_below=None),
    ):
        assert fingerprint(other) != base


def test_what_a_function_reads_from_its_module_counts(monkeypatch):
    before = fingerprint(uses_a_global)
    monkeypatch.setitem(globals(), "STEP", 0.6)
    assert fingerprint(uses_a_global) != before
