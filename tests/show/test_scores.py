"""Arms as points, verdicts as a forest plot."""

from itertools import pairwise

import pandas as pd
import pytest

from memlab import show
from memlab.core import MemlabError
from memlab.stats import bootstrap_band

VALUES = {"memory": [0.5, 0.7, 0.9, 0.7], "no memory": [0.1, 0.2, 0.3, 0.2]}


def table(backend="replay"):
    made = [
        {"arm": arm, "seed": i, "when": when, "success": value + (when == "late") / 10, "backend": backend}
        for arm, values in VALUES.items()
        for when in ("early", "late")
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(made)


def claim(words, word, mean, margin=None, primary=False):
    sizes = {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "level": 0.95, "p": 0.01, "n": 16, "visible": 0.05}
    return {"claim": words, "arm": "a", "rival": "b", "word": word, **sizes, "margin": margin, "primary": primary}


def test_an_arm_shows_every_replicate_its_mean_and_its_interval(canvases):
    picture = show.arms(VALUES, xlabel="success")
    axes = canvases[0].panels[0]
    ticks = sorted(x for x, _ in axes.collections[0].get_offsets())
    assert ticks == pytest.approx(sorted(VALUES["memory"]))
    _, low, high = bootstrap_band([[value] for value in VALUES["memory"]])[:, 0]
    spans = [sorted(line.get_xdata()) for line in axes.lines]
    assert any(span == pytest.approx([low, high]) for span in spans if len(span) == 2)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["memory", "no memory"]
    assert canvases[0].made == "computed" and "4 replicates" in picture.caption
    assert "memory 0.7, no memory 0.2" in picture.alt


def test_groups_are_told_apart_and_rows_of_a_replicate_are_averaged(canvases):
    show.arms(table(), y="success", group="when")
    assert [text.get_text() for text in canvases[0].fig.legends[0].get_texts()] == ["early", "late"]
    show.arms(table(), y="success")
    assert sorted(x for x, _ in canvases[1].panels[0].collections[0].get_offsets())[0] == pytest.approx(0.55)
    show.arms(table(), y="success", panel="when", xlim=(0, 1))
    assert [axes.get_title("left") for axes in canvases[2].panels] == ["early", "late"]


def test_arms_of_several_backends_say_so(canvases):
    mixed = table().assign(backend=lambda rows: rows.arm.map({"memory": "replay", "no memory": ""}))
    show.arms(mixed, y="success")
    labels = [label.get_text() for label in canvases[0].panels[0].get_yticklabels()]
    assert labels == ["memory (replay)", "no memory (no model)"]


def test_an_arm_that_two_models_answered_names_both(canvases):
    rows = pd.concat([table().assign(backend="replay"), table().assign(seed=lambda t: t.seed + 9, backend="simulated")])
    rows.loc[rows.arm == "no memory", "backend"] = "replay"
    show.arms(rows.assign(model="smollm2:135m"), y="success")
    labels = [label.get_text().replace("\n", " ") for label in canvases[0].panels[0].get_yticklabels()]
    assert labels == ["memory (replay and simulated)", "no memory (replay)"]
    simulated = rows.assign(model=rows.backend.map({"replay": "smollm2:135m", "simulated": "simulated smollm2:135m"}))
    show.arms(simulated, y="success")
    labels = [label.get_text().replace("\n", " ") for label in canvases[1].panels[0].get_yticklabels()]
    assert labels == ["memory (replay; simulated smollm2:135m)", "no memory (replay)"]


def test_unpaired_arms_are_refused():
    with pytest.raises(MemlabError, match="unequal replicates"):
        show.arms({"a": [1, 2], "b": [1, 2, 3]})
    with pytest.raises(MemlabError, match="made_by=rows"):
        show.arms(table().drop(columns="backend"), y="success")


def test_a_forest_plot_says_every_word(canvases):
    claims = [claim("memory beats none", "supported", 0.3, primary=True), claim("as good", "as good", -0.02, 0.15)]
    claims += [claim("the LLM beats the vote", "contradicted", -0.2), claim("credit pays", "undecided", 0.05)]
    picture = show.verdicts(pd.DataFrame(claims), made_by=table())
    assert picture.alt.startswith("Of 4 claims, 1 supported, 1 as good, 1 contradicted, 1 undecided.")
    assert "memory beats none: supported, 0.300 [0.200, 0.400]" in picture.alt
    drawn = [list(line.get_xdata()) for line in canvases[0].panels[0].lines]
    assert [-0.15] in drawn and canvases[0].made == "replay"


def test_labels_of_long_claims_do_not_overprint(canvases):
    words = "adding to weights changes more far answers than adding to a memory that is read locally, by far"
    show.verdicts(pd.DataFrame([claim(words, "supported", 0.1)] * 3), made_by="computed")
    boxes = [label.get_window_extent() for label in canvases[0].panels[0].get_yticklabels()]
    assert all(above.y0 > below.y1 for above, below in pairwise(boxes))


def test_an_interval_without_end_is_drawn_to_the_edge(canvases):
    endless = claim("too few replicates", "undecided", 0.2) | {"low": -float("inf"), "high": float("inf")}
    assert "[-inf, inf]" in show.verdicts(pd.DataFrame([endless]), made_by="computed").alt
    assert canvases[0].panels[0].collections[0].get_segments()[0][:, 0] == pytest.approx([-0.3, 0.3])
