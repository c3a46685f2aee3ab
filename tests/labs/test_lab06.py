"""What notebook 06 shows beside its studies agrees with what the learner itself did."""

import json
from collections import Counter

import numpy as np
import pandas as pd

import memlab
from memlab.core import Reply
from memlab.labs.lab06_agent import field, world
from memlab.llm.contract import LLM
from memlab.rivals.believer import believed
from memlab.rivals.standin import LEARNERS


def test_what_the_widget_and_the_grouping_say_is_what_the_believer_kept():
    tasks = memlab.stream("toolbox12-b", "stationary", 240, 101, 8)
    store = memlab.open_store(dim=world.embedder().dim)
    agent = field.LEARNERS["belief, uniform prior"](None, world.embedder(), store, 101)
    episodes = list(agent.run(tasks))
    last = episodes[-1]
    assert believed(episodes, last.task.family)[-1] == json.loads(store.get(last.steps[0].shown[0]).note)
    told = Counter(zip(agent.credit.fold(store).kinds, (task.family for task in tasks), strict=True))
    most = {kind: max(n for (k, _), n in told.items() if k == kind) for kind, _ in told}
    assert world.grouped_right(101) == sum(most.values()) / len(tasks) < 1


def test_the_rows_of_the_earlier_form_come_back():
    kept = pd.read_parquet(memlab.data("lab06/report.parquet")).query("kind == 'drift' and seed == 100")
    tasks, llm = memlab.stream("toolbox-b", "drift", 96, 100), memlab.open_llm("replay")
    for name in set(LEARNERS) & set(kept["arm"]):
        learner = LEARNERS[name]
        success = [episode.success for episode in world.one_life(learner, tasks, llm, seed=100)[1]]
        assert np.array_equal(success, kept[kept["arm"] == name].sort_values("index")["success"]), name


def test_the_two_studies_give_the_arms_that_they_share_the_same_lives():
    field_rows, wide = field.STUDY.rows(), field.RIVALS.rows()
    both = wide.merge(field_rows, on=["arm", "kind", "seed", "index"], suffixes=("", "_field"))
    assert set(both["kind"]) == {"drift", "recurrent"} and both["arm"].nunique() == 8
    assert np.allclose(both["success"], both["success_field"]) and len(both) == 8 * 2 * 16 * 240


def test_a_second_model_lives_the_same_streams_and_its_lives_come_back_from_its_replies():
    first, second = (field.STUDIES[name].rows() for name in ("first", "second"))
    assert second[["arm", "kind", "seed", "index", "family", "serves"]].equals(
        first[["arm", "kind", "seed", "index", "family", "serves"]]
    )
    silent = second["arm"].isin(["vote", field.UNIFORM, *field.REFERENCES])
    assert np.allclose(second.loc[silent, "success"], first.loc[silent, "success"])
    assert set(second["model"].dropna()) - {""} == {"gemma3:270m-base"}
    where = {"world": "toolbox12-b", "kind": "recurrent", "n": 120, "families": 4, "seed": 107}
    for arm in ("no memory", "newest-first", "MemRL, applied", "belief"):
        again = field.STUDIES["second"].cell(arm=arm, **where)
        kept = second.query("arm == @arm and kind == 'recurrent' and seed == 107")
        assert list(again["action"]) == list(kept["action"]) and list(again["success"]) == list(kept["success"])
    otherwise = first.query("arm == 'no memory'")["action"] != second.query("arm == 'no memory'")["action"].to_numpy()
    assert otherwise.mean() > 0.2, "another model chooses otherwise"


def test_the_placebo_was_asked_and_arms_that_two_studies_share_live_the_same_lives():
    shown, first = (field.STUDIES[name].rows() for name in ("shown", "first"))
    both = shown.merge(first, on=["arm", "kind", "seed", "index"], suffixes=("", "_first"))
    assert both["arm"].nunique() == 6 and len(both) == 6 * 16 * 120
    assert np.allclose(both["success"], both["success_first"])
    each = shown.set_index(["arm", "seed", "index"])["tokens_in"].unstack("arm")
    asked = shown[shown["arm"].isin(["placebo", *field.VOICED, field.CASES])]
    assert (asked["calls"] == 1).all() and set(asked["model"]) == {"smollm2:135m"}
    assert each["placebo"].equals(each[field.VOICED[1]].rename("placebo")), "one record of prompts serves both"
    longer = each["placebo"] > each["no memory"]
    assert longer.mean() > 0.8 and (each["placebo"] >= each["no memory"]).all()


def test_a_live_model_is_never_asked_twice_and_its_replies_outlive_the_kernel(tmp_path, monkeypatch, capsys):
    class Counted(LLM):
        name, backend, digest, asked = "any/model:1b", "ollama", "d", 0

        def answer(self, call):
            Counted.asked += 1
            return Reply("", call.choices[0], None, 1, 1, 0.1, self.name, self.backend)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(world, "open_llm", lambda spec: Counted())
    tasks = memlab.stream("toolbox12-b", "recurrent", n=240, seed=100, families=8)[:3]
    for asked, kept in ((3, "ollama"), (3, "replay")):
        world.open_model.cache_clear()
        llm = world.open_model("ollama:any/model:1b")
        assert world.open_model("ollama:any/model:1b") is llm, "a cell that runs again finds its own record"
        episodes = world.one_life(field.LEARNERS["no memory"], tasks, llm)[1]
        assert "/3" in capsys.readouterr().err, "a life shows its progress"
        assert Counted.asked == asked and {r.backend for e in episodes for r in e.replies} == {kept}
        world.one_life(field.LEARNERS["no memory"], tasks[:1], llm)
        assert capsys.readouterr().err == "", "a notebook asks hundreds of single questions: no bar for one"
        llm.close()  # as the end of a kernel does
    world.open_model.cache_clear()
    assert [p.name for p in (tmp_path / ".memlab").glob("lab06*")] == ["lab06-any-model-1b-replies.parquet.part.sqlite"]


def test_recorded_replies_need_no_record_of_their_own():
    assert world.open_model("replay").backend == "replay"
