"""The studio's page: knobs, the picture that follows them, and what is done with a run."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from memlab import show
from memlab.bootstrap import ROOT
from memlab.core import MemlabError
from memlab.labs.lab14_studio.study import PRESETS
from memlab.rivals.knobs import DEFAULT, KNOBS, OWN, Settings, checked, from_text, idle, to_text
from memlab.rivals.lived import FEW, MANY, at_once, in_the_loop, unaided
from memlab.rivals.outcome import NOW, PINNED, WINDOW, Outcome, load_outcome, paint, saved
from memlab.show.explorer import ERROR_MARK

HOME, PAGE = ROOT / ".memlab" / "studio", "/voila/render/notebooks/studio.ipynb"
ALT = "Success with bands, cases in memory, and tokens read over the tasks of a stream: these knobs, and a pinned run."
CAPTION = f"Success: last {WINDOW} tasks. Bands: 95% over {len(MANY)} replicates at once, or up to {len(FEW)} lived."
BUTTONS, WORLD = ("pin", "run", "halt", "save", "load", "compare", "restore"), ("stream", "noise", "horizon")


def export(settings: Settings, against: Settings | None, folder: Path) -> str:
    """What the page saves, without a page: knobs, rows and figure into ``folder``; gives the verdict in words."""
    from tqdm.auto import tqdm

    with tqdm(total=len(FEW) * settings["horizon"], unit="task", delay=2) as bar:
        how: dict[str, Any] = {"tick": lambda done, _: bar.update(done - bar.n), "seconds": None}
        runs = [at_once(one) or in_the_loop(one, HOME, **how) for one in (settings, against) if one]
    canvas = show.Canvas(3, 1.6)
    paint(canvas, settings, unaided(settings), *runs)
    runs[0].save(folder.name, canvas.png(fast=False), folder)
    return "\n".join([*(run.summary() for run in runs), *([runs[0].against(runs[1])] if against else [])])


class Studio:
    """The page, begun at ``settings`` or a ``preset``, which also pins what it is compared with."""

    def __init__(self, settings: Settings = DEFAULT, preset: str = "", home: Path = HOME) -> None:
        import ipywidgets as w

        self.home, self.stop, self.thread = home, threading.Event(), threading.Thread()
        self.done: dict[str, Outcome] = {}
        self.pinned: Outcome | None = None
        wide: Any = {"layout": {"width": "min(32em, 100%)"}, "style": {"description_width": "11em"}}
        self.own = w.Text(description="my own file", placeholder="my_rule for my_rule.py", **wide)
        self.preset = w.Dropdown(description="preset", options=[*PRESETS], value=None, **wide)
        self.explorer = show.Explorer(self.compute, self.draw, KNOBS, alt=ALT, caption=CAPTION, panels=3, height=1.6)
        self.reasons, self.verdict, self.said, self.compared = (w.HTML() for _ in range(4))
        self.bar, self.name = w.IntProgress(description="tasks"), w.Text(description="name", placeholder="my_run")
        self.kept = w.SelectMultiple(description="saved", options=saved(home), rows=4)
        self.text = w.Textarea(description="settings", rows=2, layout={"width": "min(60em, 100%)"})
        self.buttons = {name: w.Button(description=name) for name in BUTTONS}
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self.act(getattr(self, name)))
        shell, (pin, run, halt, save, load, compare, back) = self.explorer.widget, self.buttons.values()
        knobs, picture = shell.children[: len(KNOBS)], shell.children[len(KNOBS) :]
        left = w.VBox([self.preset, *knobs, self.own, self.reasons], layout={"width": "min(33em, 100%)"})
        right = w.VBox([pin, self.verdict, *picture], layout={"flex": "1 1 600px", "min_width": "0"})
        rows = [left, right], [run, halt, self.bar], [self.name, save, self.kept, load, compare], [self.text, back]
        shell.children = [*(w.Box(row, layout={"flex_flow": "row wrap"}) for row in rows), self.said, self.compared]
        self.own.observe(self.explorer.refresh, "value")
        self.preset.observe(lambda _: self.act(self.choose), "value")
        self.move(checked(settings))
        self.follow()
        self.explorer.follow = self.follow
        self.preset.value = preset or None
        self.explorer.first = self.explorer.canvas.picture(ALT, CAPTION)
        with suppress(RuntimeError, ValueError):  # Jupyter's stop button; an idle kernel would not hear it
            asyncio.get_running_loop().call_soon(signal.signal, signal.SIGINT, lambda *_: self.stop.set())

    @classmethod
    def of_page(cls) -> Studio:
        studio = cls()
        link = parse_qs(os.environ.get("QUERY_STRING", "")).get("settings")
        studio.text.value = link[0] if link else os.environ.get("MEMLAB_STUDIO", "{}")
        studio.act(studio.restore)
        return studio

    def _repr_mimebundle_(self, **more: Any) -> dict[str, Any]:
        return self.explorer._repr_mimebundle_(**more)

    def compute(self, **knobs: Any) -> tuple[dict[str, Any], Outcome | None]:
        return checked(knobs), at_once(checked(knobs))

    def current(self) -> tuple[dict[str, Any], Outcome | None]:
        """Where the knobs stand, and the outcome in the picture: simulated at once, or lived before."""
        settings, run = self.explorer.compute(**self.explorer.settings)
        settings = settings | {"own": self.own.value}
        return settings, run or self.done.get(to_text(settings))

    def draw(self, canvas: show.Canvas, computed: tuple[dict[str, Any], Outcome | None]) -> None:
        run = computed[1] or self.done.get(to_text(computed[0] | {"own": self.own.value}))
        paint(canvas, computed[0], unaided(computed[0]), run, self.pinned)

    def follow(self) -> None:
        """Reasons, verdict and text follow when the knob rests: the picture comes first."""
        settings, run = self.current()
        why = idle(settings)
        for name, slider in self.explorer.knobs.items():
            slider.disabled, slider.tooltip = name in why, why.get(name, "")
        self.own.disabled = settings["learner"] != OWN
        told = {reason: ", ".join(name for name in why if why[name] == reason) for reason in why.values()}
        self.reasons.value = "<br>".join(f"<b>{names}</b> idle: {escape(reason)}" for reason, names in told.items())
        said = [f"{name}: {one.summary()}" for name, one in ((NOW, run), (PINNED, self.pinned)) if one]
        if run and self.pinned:
            said.append(f"<b>Against the pinned run, second half: a gain is {run.against(self.pinned)}</b>")
            said += [f"Not as pinned: {n} {settings[n]}" for n in WORLD if settings[n] != self.pinned.settings[n]]
        self.verdict.value, self.text.value = "<br>".join(said), to_text(settings)

    def act(self, what: Callable[[], str | None]) -> None:
        """Do what was asked for and say what came of it; an error is said, not raised."""
        try:
            self.said.value = what() or self.said.value
        except Exception as error:  # a learner of one's own may raise anything
            kind = "" if isinstance(error, MemlabError) else f"{type(error).__name__}: "
            self.said.value = f'<span class="{ERROR_MARK}">{escape(f"{kind}{error}")}</span>'
        self.follow()

    def move(self, settings: Settings) -> None:
        self.own.value = settings["own"]
        self.explorer.move(**{name: settings[name] for name in KNOBS})

    def choose(self) -> str:
        """Put the knobs to the chosen preset, and pin what it is compared with."""
        preset = PRESETS[self.preset.value]
        self.pinned = at_once(checked(preset.rival))
        self.move(checked(preset.settings))
        return f"Claim: {preset.words}. Pinned: <code>{escape(to_text(checked(preset.rival)))}</code>"

    def taken(self) -> Outcome:
        if (run := self.current()[1]) is None:
            raise MemlabError("these knobs take time and have no run yet: press run")
        return run

    def pin(self) -> str:
        self.pinned = self.taken()
        self.explorer.refresh()
        return f"pinned: <code>{escape(to_text(self.pinned.settings))}</code>"

    def run(self) -> None:
        if self.thread.is_alive() or self.compute(**self.explorer.settings)[1]:
            raise MemlabError("nothing to run: a run is under way, or these knobs are simulated at once")
        self.said.value, self.bar.value = "running; halt loses nothing, a live run stops after 3 minutes", 0
        self.bar.max = len(FEW) * self.explorer.settings["horizon"]
        self.stop.clear()
        self.thread = threading.Thread(target=self.act, args=(self.work,), daemon=True)
        self.thread.start()

    def work(self) -> str:
        settings = self.current()[0]
        # By fours: replies that are kept already come by the thousand a second.
        run = in_the_loop(settings, self.home, lambda n, _: self.bar.set_trait("value", n // 4 * 4), self.stop, FEW)
        self.done[to_text(settings)] = run
        self.explorer.refresh()
        return f"{len(run.seeds)} of {len(FEW)} lives done{': press run to go on' * (len(run.seeds) < len(FEW))}"

    def halt(self) -> str:
        self.stop.set()
        return "stopping before the next call: what was done is kept, and run goes on from there"

    def save(self) -> str:
        said, run = to_text(self.current()[0]), self.taken()
        paths = run.save(self.name.value, self.explorer.canvas.png(fast=False), self.home)
        self.kept.options = saved(self.home)
        pinned = f" --against {shlex.quote(to_text(self.pinned.settings))}" if self.pinned else ""
        again = f"python3 -m memlab studio {shlex.quote(said)}{pinned} --out {self.name.value}"
        lines = [*map(str, paths), f"again, in your clone: {again}", f"link: {PAGE}?{urlencode({'settings': said})}"]
        return "<br>".join(f"<code>{escape(line)}</code>" for line in lines)

    def load(self) -> str:
        run = load_outcome((*self.kept.value, "")[0], self.home)
        self.done[to_text(run.settings)] = run
        self.move(run.settings)
        return f"loaded {self.kept.value[0]}"

    def compare(self) -> str:
        """Show the picked runs on the replicates that all have, and judge each against the first."""
        import pandas as pd

        runs = {name: load_outcome(name, self.home) for name in self.kept.value}
        if len(runs) < 2:
            raise MemlabError("pick two saved runs or more (hold Ctrl); each is judged against the first")
        rows, (first, *others) = pd.concat([run.rows(name) for name, run in runs.items()]), runs
        shared = set.intersection(*(set(run.seeds) for run in runs.values()))
        self.compared.value = show.learning_curve(rows[rows["seed"].isin(shared)], window=WINDOW).html
        return "<br>".join(f"{name} against {first}: {runs[name].against(runs[first])}" for name in others)

    def restore(self) -> str:
        self.move(from_text(self.text.value))
        return "restored"
