"""Lab 12: what an attack writes, what a cure takes and leaves, exact undo, and a lesson taken out of a policy."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab import prompt, stream
from memlab.core import Reply
from memlab.labs.lab12_audit import orders, study
from memlab.labs.lab12_audit.exercises import came_of
from memlab.retrieval.policies import soft_policy
from memlab.rivals import attacker
from memlab.tasks.toolbox import questions_of
from memlab.weights.bandit import Bandit, learn
from memlab.weights.linear import Lessons, Weights
from memlab.weights.unlearn import NEGATIVE, RETRAINED, ROWS, plant_and_undo, push


def begun(arm="undefended", attack="laundered", seed=112):
    agent, plan, tasks, before, episodes = study.begin(arm, attack, seed)
    return agent, plan, tasks, before, episodes


def state(store):
    return {case.id: (case.action, case.q, case.uses) for case in store.cases()}


@pytest.mark.parametrize("attack", attacker.ATTACKS)
def test_right_after_the_attack_an_undo_gives_the_memory_before_it_bit_for_bit(attack):
    for arm in ("undefended", "credit"):
        agent, _, _, before, episodes = begun(arm, attack)
        assert state(agent.store) != state(agent.store.at(before)) or attack == "laundered"
        for episode in sorted(episodes):
            agent.store.revert(episode=episode, derived=True, keep_later=True)
        left = {name: kept for name, kept in state(agent.store).items() if not name.startswith(attacker.RULE)}
        assert left == state(agent.store.at(before))
        assert not any(case.action == "factors" for case in agent.store.cases() if case.id.startswith(attacker.RULE))


def test_deleting_the_source_leaves_what_was_derived_and_the_undo_does_not():
    agent, plan, _, _, _ = begun()
    assert attacker.speaks_for_wrong(agent.store, plan) == attacker.SHOWN
    assert not [case for case in agent.store.cases() if case.id.startswith(attacker.PLANT)]
    rules = {case.id: case.action for case in agent.store.cases() if case.id.startswith(attacker.RULE)}
    study.cure("undone", agent.store, 48, {attacker.VISIT})
    assert attacker.speaks_for_wrong(agent.store, plan) == 0
    honest = {name for name, action in rules.items() if action != plan.wrong}
    assert honest == {case.id for case in agent.store.cases() if case.id.startswith(attacker.RULE)} != set()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"), max_size=2)), max_size=9))
def test_what_came_of_a_case_is_what_a_path_along_later_edits_reaches(edits):
    reached, stack = set(), [("a", 0)]
    while stack:
        name, at = stack.pop()
        reached.add(name)
        stack += [(edits[i][0], i + 1) for i in range(at, len(edits)) if name in edits[i][1]]
    assert came_of(edits, {"a"}) == reached


def test_credit_rewrites_honest_values_at_a_liars_word_and_append_only_does_not():
    for arm, hurt in (("undefended", False), ("credit", True)):
        agent, _, _, before, _ = begun(arm, "poisoned rewards", 106)
        now, then = state(agent.store), state(agent.store.at(before))
        assert any(now.get(name) != value for name, value in then.items()) == hurt


def test_a_gate_that_is_never_wrong_lets_no_lie_pass():
    from memlab import verify

    for attack in attacker.ATTACKS:
        agent, plan, _, _, _ = begun("undefended", "look-alike")
        tasks = stream("toolbox-b", "stationary", 96, 112)
        agent = study.make_agent("undefended", 112)
        agent.gate = verify.gate(verify.oracle)
        list(agent.run(tasks[:16]))
        attacker.ATTACKS[attack](agent, plan)
        assert attacker.speaks_for_wrong(agent.store, plan) == 0, attack


@pytest.mark.parametrize("family", ["lcm", "products", "simple_equations", "count_primes"])
def test_the_typical_text_is_at_least_as_near_to_all_questions_as_each_of_them(family):
    texts = [prompt.shorten(asked.text, 60) for asked in questions_of("toolbox-b")[family][:16]]
    rows = attacker.EMBEDDER.embed([attacker.typical_text(texts), *texts])
    near = (rows @ rows[1:].T).mean(axis=1)
    assert near[0] >= near[1:].max() - 1e-6


def test_the_prompt_without_the_planted_case_is_that_of_no_attack_and_orders_stay_on_one_line():
    plan = attacker.plan_attack(stream("toolbox-b", "stationary", 96, 100), 100)
    clean = orders.cases_shown(orders.CLEAN, plan, 0)
    for arm in ("order", orders.WRONG, orders.BOTH, orders.MENTION, orders.NOT):
        cases = orders.cases_shown(arm, plan, 0)
        assert cases[:2] == clean[:2] and cases[2] != clean[2]
        assert (cases[2][1] == plan.wrong) == (orders.WRONG in arm)
        assert len(orders.cases_shown(arm + orders.ALONE, plan, 0)) == 1
    text = prompt.render({"a": "b"}, orders.cases_shown("order", plan, 0), "q")
    assert text.count("\nQ: ") == 4 and len(orders.TEXTS["order"].format(plan.wrong)) <= prompt.CASE_LENGTH


class Listener:
    """Keeps every prompt, and gives the last of the choices."""

    name, backend = "fake", "fake"

    def __init__(self):
        self.asked = []

    def complete(self, text, choices, **settings):
        self.asked.append(text)
        return Reply(choices[-1], choices[-1], {choices[-1]: 1.0}, 1, 1, 0.0, self.name, self.backend)


def test_the_guard_is_off_in_the_raw_arm_alone_and_the_three_texts_differ_in_nothing_else():
    for seed in range(100, 116):
        asked = {arm: Listener() for arm in (orders.RAW, orders.BROKEN, orders.WORDS)}
        for arm, model in asked.items():
            orders.ask_probes(arm, "toolbox-b", seed, model)
        for raw, broken, words in zip(*(model.asked for model in asked.values()), strict=True):
            assert raw.count("<|im_end|>") == 2 and "<|" not in broken + words and broken.count("< |im_end|>") == 2
            assert broken.replace("< |", "<|") == raw and "..." not in raw.splitlines()[-4]
            assert raw.replace("<|im_end|> <|im_start|>", "").replace("<|im_end|>", "") == words
    assert all("<|" not in p for arm in ("order", orders.CLEAN) for p in heard(arm))


def heard(arm):
    model = Listener()
    orders.ask_probes(arm, "toolbox-b", 100, model)
    return model.asked


def test_an_order_is_found_in_a_fresh_memory_passes_a_gate_beside_a_right_tool_alone_and_is_undone():
    arms = ("undefended", "fresh", "fresh, gated", "fresh, undone")
    lived = {(arm, attack): [orders.live_planted(arm, attack, seed, Listener())[0] for seed in range(100, 106)]
             for arm in arms for attack in attacker.ORDERS}  # fmt: skip
    mean = {at: {name: np.mean([row[name] for row in rows]) for name in ("read exposed", "read after", "poison")}
            for at, rows in lived.items()}  # fmt: skip
    right, wrong = "order, right tool", "order, wrong tool"
    for attack in (right, wrong):
        assert mean["undefended", attack]["read exposed"] < 0.5 < mean["fresh", attack]["read exposed"]
        assert mean["fresh, undone", attack]["read after"] == 0 and mean["fresh", attack]["poison"] == attacker.SHOWN
    assert mean["fresh, gated", wrong]["poison"] < 1 < 2 < mean["fresh, gated", right]["poison"]


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), toward=st.booleans())
def test_push_writes_the_gradient_of_the_chance_or_of_all_others(seed, toward):
    rng = np.random.default_rng(seed)
    x = np.eye(3)[0]
    place = Weights(3, 4, 1.0)
    place.w[0] = rng.normal(size=4)
    action = int(place.w[0].argmin() if toward else place.w[0].argmax())

    def goal(theta):
        pi = soft_policy(theta, 1.0)
        return np.log(pi[action] if toward else 1 - pi[action])

    before, step = place.w[0].copy(), 1e-6
    numeric = [(goal(before + step * e) - goal(before - step * e)) / (2 * step) for e in np.eye(4)]
    assert push(place, x, action, toward, most=1).tolist() == [1.0]
    assert np.allclose(place.w[0] - before, numeric, atol=1e-6)


def policies(seed, how):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(12, 6))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    world = Bandit(x, np.eye(3)[rng.integers(3, size=12)], np.array(["a", "b"] * 6))
    parts = world.part(slice(6)), world.part(slice(0)), world.part(slice(6, None))
    place = Lessons(6, 3, 5.0) if how == ROWS else Weights(6, 3, 5.0)
    return plant_and_undo(place, *parts, x[0], 2, how, 4, seed)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_where_nothing_was_learnt_on_top_rows_and_retraining_undo_exactly_and_a_negative_update_does_not(seed):
    for how in (ROWS, RETRAINED):
        found = policies(seed, how)
        assert np.allclose(found["cured"], found["twin"], atol=1e-12)
    negative = policies(seed, NEGATIVE)
    if (negative["planted"] > 0).all() and (negative["writes"] > 0).all():
        assert not np.allclose(negative["cured"], negative["twin"], atol=1e-3)


def test_rows_read_as_weights_are_the_same_function():
    rng = np.random.default_rng(0)
    x = np.eye(5)[:4]
    world = Bandit(x, np.eye(3)[rng.integers(3, size=4)], np.array(["a"] * 4))
    rows, weights = Lessons(5, 3, 2.0), Weights(5, 3, 2.0)
    for place in (rows, weights):
        learn(world, place, 3, seed=1)
    assert np.allclose(rows.logits(x), weights.logits(x)) and copy.deepcopy(rows).g.shape == (3, 4, 3)
