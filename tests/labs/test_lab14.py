"""The what-if studio: its page as a reader uses it, without a browser; runs that stop and go on; files."""

import asyncio
import os
import signal
import threading
from unittest import mock

import numpy as np
import pytest

from memlab import bootstrap, learners
from memlab.core import MemlabError
from memlab.course import judge
from memlab.labs.lab14_studio import page
from memlab.labs.lab14_studio.page import Studio, export
from memlab.labs.lab14_studio.study import ARMS, PRESETS, STUDY
from memlab.llm.contract import LLM
from memlab.rivals import lived
from memlab.rivals.knobs import KNOBS, checked, from_text
from memlab.rivals.lived import at_once, in_the_loop
from memlab.rivals.outcome import load_outcome, rolled_mean
from memlab.rivals.quick import VOTE
from memlab.whatif import new_learner


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lived, "FEW", (100, 101, 102))
    monkeypatch.setattr(page, "FEW", (100, 101, 102))
    opened = Studio({"horizon": 48}, home=tmp_path / "kept")
    opened.explorer.timer.join()
    return opened


def press(studio, name):
    studio.buttons[name].click()
    if name == "run":
        studio.thread.join(60)
    return studio.said.value


def knob(studio, name, value):
    studio.explorer.knobs[name].value = value
    studio.explorer.timer.join()


def test_a_knob_moves_the_picture_the_words_and_the_text(studio):
    before = studio.explorer._image.value
    knob(studio, "corruption", 0.3)
    assert studio.explorer._image.value != before and studio.explorer.error == ""
    assert from_text(studio.text.value) == checked({"horizon": 48, "corruption": 0.3})
    assert "these knobs: success" in studio.verdict.value


def test_what_does_not_apply_is_disabled_with_its_reason(studio):
    assert studio.explorer.knobs["alpha"].disabled and "only soft Q draws" in studio.reasons.value
    knob(studio, "retrieval", "soft Q")
    assert not studio.explorer.knobs["alpha"].disabled
    knob(studio, "learner", "no memory")
    assert studio.explorer.knobs["k"].disabled and "nothing is remembered" in studio.reasons.value
    assert studio.own.disabled


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_the_knobs_pins_its_rival_and_is_judged(studio, name):
    studio.preset.value = name
    assert from_text(studio.text.value) == checked(PRESETS[name].settings)
    assert studio.pinned.settings == checked(PRESETS[name].rival)
    assert "Against the pinned run, second half: " in studio.verdict.value and PRESETS[name].words in studio.said.value


def test_pinned_is_what_was_pinned(studio):
    press(studio, "pin")
    knob(studio, "learner", "no memory")
    assert studio.pinned.settings["learner"] == "memory in the prompt" and "pinned" in studio.explorer.canvas.words


def test_save_load_and_compare(studio):
    knob(studio, "stream", "stationary")
    studio.name.value = "with"
    said = press(studio, "save")
    assert "memlab studio" in said and "?settings=" in said and "horizon" in said
    knob(studio, "learner", "no memory")
    studio.name.value = "without"
    press(studio, "save")
    studio.kept.value = ("with", "without")
    assert "without against with: contradicted" in press(studio, "compare")
    assert studio.compared.value.count("<figure") == 1
    press(studio, "load")
    assert from_text(studio.text.value)["learner"] == "memory in the prompt"
    again, first = load_outcome("with", studio.home), studio.current()[1]
    assert np.allclose(again.lives.success, first.lives.success) and again.model == first.model


@pytest.mark.parametrize("name", ["", "../up", "a b", "x" * 61])
def test_a_bad_name_is_refused_and_nothing_is_written(studio, name):
    studio.name.value = name
    assert "take letters, digits" in press(studio, "save")
    assert not studio.home.exists() or not list(studio.home.iterdir())


def test_a_file_that_is_no_run_is_named(studio):
    studio.name.value = "mine"
    press(studio, "save")
    (studio.home / "mine.csv").write_text("seed,index\n1,2\n")
    studio.kept.value = ("mine",)
    assert "no whole run is saved there" in press(studio, "load")


@pytest.mark.parametrize("text", ["", "{", '{"noise": 7}', "import os"])
def test_a_bad_text_is_said_and_the_knobs_stay(studio, text):
    before = studio.explorer.settings
    studio.text.value = text
    assert "memlab-error" in press(studio, "restore") and studio.explorer.settings == before


def test_what_a_learner_of_ones_own_raises_is_said(studio, tmp_path):
    (tmp_path / "odd.py").write_text("LEARNER = lambda llm, embedder, store, seed: 1 / 0\n")
    knob(studio, "learner", "my own")
    studio.own.value = "odd"
    assert "ZeroDivisionError" in press(studio, "run") and not studio.done


def test_a_link_sets_the_page_and_a_bad_one_is_said(monkeypatch):
    monkeypatch.setenv("QUERY_STRING", "settings=%7B%22horizon%22%3A+48%2C+%22k%22%3A+5%7D")
    assert Studio.of_page().explorer.settings["k"] == 5
    monkeypatch.setenv("QUERY_STRING", "settings=%7B%22k%22%3A+50%7D")
    bad = Studio.of_page()
    assert "k goes from 0 to 8" in bad.said.value and bad.explorer.settings["k"] == 3


def test_a_learner_of_ones_own_runs_and_is_drawn(studio, tmp_path):
    new_learner("my_rule", tmp_path)
    knob(studio, "learner", "my own")
    assert "my own, simulated: press run" in studio.explorer.canvas.words and not studio.own.disabled
    studio.own.value = "absent"
    assert "no file absent.py" in press(studio, "run")
    studio.own.value = "my_rule"
    assert press(studio, "run") == "3 of 3 lives done" and studio.bar.value == studio.bar.max == 3 * 48
    assert "these knobs 0." in studio.explorer.canvas.words and "simulated smollm2" in studio.explorer.canvas.made


def test_a_run_that_is_stopped_keeps_its_lives_and_goes_on(tmp_path, monkeypatch):
    begun, real = [], learners.live
    monkeypatch.setattr(learners, "live", lambda *a, **w: begun.append(w["seed"]) or real(*a, **w))
    settings, stop = checked({"learner": "belief", "horizon": 48}), threading.Event()
    first = in_the_loop(settings, tmp_path, lambda done, all: done == 96 and stop.set(), stop, (100, 101, 102))
    assert first.seeds == (100, 101)
    again = in_the_loop(settings, tmp_path, seeds=(100, 101, 102))
    assert again.seeds == (100, 101, 102) and begun == [100, 101, 102, 102]
    assert np.array_equal(again.lives.success[:2], first.lives.success)


def test_stopped_before_the_first_life_is_said(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(MemlabError, match="a rerun goes on from there"):
        in_the_loop(checked({"learner": "belief", "horizon": 48}), tmp_path, stop=stop, seeds=(100,))


def test_progress_moves_with_every_call_and_ends_with_the_last_task(tmp_path):
    heard = []
    in_the_loop(checked({"horizon": 48}), tmp_path, lambda *done: heard.append(done), seeds=(100, 101))
    assert heard == sorted(heard) and len(heard) > 90 and heard[0] == (1, 96) and heard[-1] == (96, 96)


class Live(LLM):
    """The simulated model in the place of a real one."""

    name, backend, digest = "live", "ollama", "none"

    def answer(self, call):
        return lived.parts()[0].answer(call)


def test_a_live_run_stops_by_itself_and_goes_on_behind_the_replies_that_are_kept(tmp_path, monkeypatch):
    alarms, heard, settings = [], [], checked({"model": "live", "horizon": 48})
    monkeypatch.setattr(lived, "open_llm", lambda name: Live())
    monkeypatch.setattr(lived.threading, "Timer", lambda *alarm: alarms.append(alarm) or mock.Mock())

    def tick(done, all):
        heard.append(done)
        if done == 10:
            alarms[0][1]()

    with pytest.raises(lived.Stopped, match="3 minutes"):
        in_the_loop(settings, tmp_path, tick, seeds=(100,))
    assert heard == list(range(1, 11)) and alarms[0][0] == 180
    run = in_the_loop(settings, tmp_path, seeds=(100,))
    assert (run.seeds, run.backend) == ((100,), "replay+simulated"), "replies that were kept, and the rest"


def test_the_stop_button_of_jupyter_halts_a_run(tmp_path):
    before = signal.getsignal(signal.SIGINT)

    async def page():
        opened = Studio({"horizon": 48}, home=tmp_path)
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        return opened.stop.wait(5)

    try:
        assert asyncio.run(page())
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_loses_no_life(tmp_path, monkeypatch):
    def interrupt(done, all):
        if done == 48:
            raise KeyboardInterrupt

    settings = checked({"learner": "belief", "horizon": 48})
    with pytest.raises(KeyboardInterrupt):
        in_the_loop(settings, tmp_path, interrupt, seeds=(100, 101))
    monkeypatch.setattr(learners, "live", lambda *a, **w: pytest.fail("lived again"))
    assert in_the_loop(settings, tmp_path, seeds=(100,)).seeds == (100,)


def test_the_command_repeats_what_the_page_shows(tmp_path):
    settings, rival = checked({"horizon": 48, "credit": "rewrite Q"}), checked({"horizon": 48})
    said = export(settings, rival, tmp_path / "again")
    assert {path.name for path in (tmp_path / "again").iterdir()} == {"again.json", "again.csv", "again.png"}
    assert at_once(settings).against(at_once(rival)) in said
    assert np.array_equal(load_outcome("again", tmp_path / "again").lives.success, at_once(settings).lives.success)


def test_a_rolled_mean_is_that_of_the_last_tasks():
    values = np.random.default_rng(0).random((3, 40))
    assert np.allclose(rolled_mean(values)[:, 30], values[:, 19:31].mean(axis=1))
    assert np.allclose(rolled_mean(values)[:, 2], values[:, :3].mean(axis=1))


@pytest.mark.parametrize(
    ("id", "answer", "said"),
    [
        ("14.1", 0.75, "ok"),
        ("14.1", 0.8, "ok"),
        ("14.1", 0.4, "still beats no memory"),
        ("14.1", 0.9, "already worse"),
        ("14.1", 2, "corruption goes from 0.0 to 0.9"),
        ("14.2", lambda: {"verifier": "gate", "k": 2}, "ok"),
        ("14.2", lambda: {"verifier": "gate", "TPR": 0.9, "FPR": 0.1, "learner": "memory decides"}, "ok"),
        ("14.2", lambda: {"verifier": "gate", "stream": "stationary", "noise": 0.15}, "ok"),
        ("14.2", lambda: {"credit": "rewrite Q", "step": 0.3}, "writing, or credit"),
        ("14.2", lambda: {"verifier": "gate", "stream": "drift"}, "the world stays as it is"),
        ("14.2", lambda: {"noise": 0.0}, "the world stays as it is"),
        ("14.2", lambda: {"learner": "belief"}, "one that is simulated"),
        ("14.2", lambda: {"gate": 1}, "no knob 'gate'"),
        ("14.2", lambda: ..., "which knob keeps"),
    ],
)
def test_any_answer_that_does_it_is_right_and_others_get_a_hint(id, answer, said):
    assert said in judge(id, answer).text


def test_every_arm_of_the_study_is_a_preset_or_a_null_and_all_are_simulated_at_once():
    assert set(STUDY.nulls) <= set(ARMS) and {cell["arm"] for cell in STUDY.report} == set(ARMS)
    assert all(at_once(settings, (100,)) is not None for settings in ARMS.values())
    assert len(KNOBS) == 14 and (bootstrap.ROOT / "notebooks" / "studio.ipynb").exists()


def test_the_axis_of_tokens_keeps_its_limit_while_what_is_drawn_fits(studio):
    top = lambda: studio.explorer.canvas.panels[2].get_ylim()[1]  # noqa: E731
    knob(studio, "k", 8)
    widest = top()
    knob(studio, "k", 5)
    most = studio.current()[1].curves()[2][0, -1]
    assert most < 10 < widest and top() == widest, "a new limit would draw all axes again, which takes 60 ms"
    knob(studio, "learner", VOTE)  # asks no model
    assert top() < widest, "a learner of few tokens would be a line on the floor"
