"""What notebook 06 shows beside its studies agrees with what the learner itself did."""

import json
from collections import Counter

import memlab
from memlab.labs.lab06_agent import field, world


def test_what_the_widget_and_the_grouping_say_is_what_the_believer_kept():
    tasks = memlab.stream("toolbox12-b", "stationary", 240, 101, 8)
    store = memlab.open_store(dim=world.embedder().dim)
    agent = field.LEARNERS["belief, uniform prior"](None, world.embedder(), store, 101)
    episodes = list(agent.run(tasks))
    last = episodes[-1]
    assert world.believed(episodes, last.task.family)[-1] == json.loads(store.get(last.steps[0].shown[0]).note)
    told = Counter(zip(agent.credit.fold(store).kinds, (task.family for task in tasks), strict=True))
    most = {kind: max(n for (k, _), n in told.items() if k == kind) for kind, _ in told}
    assert world.grouped_right(101) == sum(most.values()) / len(tasks) < 1
