"""A widget where turning a knob teaches: pure compute, a figure that stays, a PNG in an image widget."""

import threading
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from typing import Any

from memlab.core import MemlabError
from memlab.show.canvas import Canvas
from memlab.show.picture import Picture, plain

ERROR_MARK = "memlab-error"
VIEW = "application/vnd.jupyter.widget-view+json"
LABELS = "<style>.memlab-named .widget-readout {flex: none; width: 13em; max-width: none !important}</style>"
"""A named setting stands whole beside its slider: ipywidgets cuts it after some 20 letters."""


def _slider(name: str, setting: Any) -> Any:
    """The slider of one entry of ``knobs``, labeled with its name: over numbers, whole where the step is an int, or
    over named or unequal settings.
    """
    import ipywidgets

    look: Any = {"style": {"description_width": "11em"}, "layout": {"width": "min(32em, 100%)"}}
    look |= {"description": name.replace("_", " "), "continuous_update": True}
    if not isinstance(setting, tuple):
        return ipywidgets.SelectionSlider(options=setting, value=setting[0], **look).add_class("memlab-named")
    low, high, step, start = setting
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    return kind(value=start, min=low, max=high, step=step, **look)


class Explorer:
    """Sliders above a figure. ``compute(**knobs)`` is pure, ``paint(canvas, result)`` draws or moves artists.

    ``knobs`` maps each argument of ``compute`` to ``(low, high, step, start)``, or to a list of settings that begins
    with the first one shown. The cell's output carries the live widget and, for readers without a kernel,
    the first frame as a static figure: a front end shows one of them, never both. An exception in a callback is shown
    under the figure and kept in ``error``; one in the first frame is raised. When the knobs rest, the figure's words
    follow, and what ``follow`` does: a page that is laid out anew meanwhile would hold the picture up.
    """

    def __init__(
        self, compute: Callable[..., Any], paint: Callable[[Canvas, Any], None], knobs: Mapping[str, Any], *, alt: str,
        caption: str, panels: int = 1, height: float | None = None,
    ) -> None:  # fmt: skip
        import ipywidgets

        if not knobs:
            raise MemlabError("an Explorer without knobs: pass knobs={'name': (low, high, step, start)}")
        self.compute, self.paint = lru_cache(maxsize=256)(compute), paint  # it is pure: a setting seen before is free
        self.knobs = {name: _slider(name, setting) for name, setting in knobs.items()}
        self.canvas = Canvas(panels, height)
        self.error, self.timer = "", threading.Timer(0.2, self.rested)
        self.follow: Callable[[], Any] = lambda: None
        self._words, self._problem = ipywidgets.HTML(), ipywidgets.HTML()
        self._image = ipywidgets.Image(
            format="png", layout={"max_width": "calc(100% - 4px)", "align_self": "flex-start"}
        )
        self._image.value = self.frame(**self.settings)
        self.rested()
        self.first = Picture(self._image.value, alt, caption)
        below = ipywidgets.HTML(f"{LABELS}<small>{plain(caption)}</small>")
        self.widget = ipywidgets.VBox([*self.knobs.values(), self._image, self._words, below, self._problem])
        for slider in self.knobs.values():
            slider.observe(self.refresh, names="value")

    @property
    def settings(self) -> dict[str, Any]:
        """Where the knobs stand now."""
        return {name: slider.value for name, slider in self.knobs.items()}

    def frame(self, **settings: Any) -> bytes:
        """Compute and paint one frame; gives its PNG."""
        self.paint(self.canvas, self.compute(**settings))
        return self.canvas.png()

    def rested(self) -> None:
        """Say the finding: a screen reader hears it, the picture alone would be silent."""
        self._words.value = f'<span aria-live="polite">In words: {plain(self.canvas.words)}</span>'
        self.follow()

    def move(self, **settings: Any) -> None:
        """Put knobs to ``settings``, and draw once."""
        for name, value in settings.items():
            self.knobs[name].unobserve(self.refresh, names="value")
            self.knobs[name].value = value
            self.knobs[name].observe(self.refresh, names="value")
        self.refresh()

    def refresh(self, change: Any = None) -> None:
        """Draw again: a knob was moved, or what `paint` shows beside them has changed."""
        try:
            self._image.value = self.frame(**self.settings)
            self.error = self._problem.value = ""
        except Exception as problem:
            self.error = "".join(traceback.format_exception(problem))
            self._problem.value = f'<pre class="{ERROR_MARK}">{escape(self.error)}</pre>'
        self.timer.cancel()
        self.timer = threading.Timer(0.2, self.rested)
        self.timer.start()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {"text/plain": repr(self.first), "text/html": self.first.html, VIEW: view}
