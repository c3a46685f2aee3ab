"""The widget shell: one figure, pure frames, errors that are seen."""

import pytest

from memlab import show
from memlab.core import MemlabError
from memlab.show.explorer import ERROR_MARK, VIEW


def paint(canvas, slope):
    canvas.line("line", [0, 1], [0, slope])
    canvas.axes(ylim=(0, 2))
    canvas.title(f"The slope is {slope}")


def explorer(compute=lambda slope: slope):
    return show.Explorer(compute, paint, {"slope": (0.0, 2.0, 0.5, 1.0)}, alt="a line", caption="c")


def test_a_knob_changes_the_picture_and_its_words_and_back_again():
    shown = explorer()
    first, words = shown._image.value, shown._words.value
    shown.knobs["slope"].value = 2.0
    assert shown._image.value != first and shown._words.value == words, "the picture comes first"
    shown.timer.join()
    assert "slope is 2.0" in shown._words.value
    shown.knobs["slope"].value = 1.0
    assert shown._image.value == first
    assert len(shown.canvas.panels[0].lines) == 1


def test_a_setting_seen_before_is_not_computed_again():
    computed = []
    shown = explorer(lambda slope: computed.append(slope) or slope)
    for slope in (2.0, 1.0, 2.0):
        shown.knobs["slope"].value = slope
    assert computed == [1.0, 2.0]


def test_the_output_is_one_bundle_with_a_static_first_frame():
    shown = explorer()
    bundle = shown._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == shown.widget.model_id
    assert 'alt="a line"' in bundle["text/html"] and "image/png" not in bundle


def test_an_error_in_a_callback_is_shown_kept_and_cleared():
    shown = explorer(lambda slope: 1 / 0 if slope == 2.0 else slope)
    before = shown._image.value
    shown.knobs["slope"].value = 2.0
    assert "ZeroDivisionError" in shown.error and ERROR_MARK in shown._problem.value
    assert shown._image.value == before
    shown.knobs["slope"].value = 0.5
    assert shown.error == "" and shown._problem.value == ""


def test_an_error_in_the_first_frame_is_raised():
    with pytest.raises(ZeroDivisionError):
        explorer(lambda slope: 1 / 0)


def test_a_knob_is_over_numbers_whole_or_not_or_over_settings_and_its_label_is_its_name():
    knobs = {"cases_shown": (0, 4, 1, 2), "slope": (0.0, 2.0, 0.5, 1.0), "world": ["a", "b"]}
    shown = show.Explorer(lambda **settings: settings["slope"], paint, knobs, alt="a line", caption="c")
    assert shown.settings == {"cases_shown": 2, "slope": 1.0, "world": "a"}
    assert isinstance(shown.settings["cases_shown"], int)
    assert shown.knobs["cases_shown"].description == "cases shown"


def test_an_explorer_wants_knobs():
    with pytest.raises(MemlabError, match="without knobs"):
        show.Explorer(lambda: 0, paint, {}, alt="x", caption="x")


def test_a_widget_says_what_made_its_numbers_without_being_told_that_they_are_computed():
    assert explorer().canvas.made == "computed"
