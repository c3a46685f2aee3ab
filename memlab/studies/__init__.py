"""The recorded studies: one small file each, with its learners, its grid and the command that runs it."""

from __future__ import annotations

from collections.abc import Callable

from memlab.studies import lab02, lab03, lab04, lab05, lab05_real, lab06

STUDIES: dict[str, Callable[[], object]] = {
    "lab02": lab02.report,
    "lab03": lab03.report,
    "lab03-arms": lab03.play,
    "lab03-tuning": lab03.tune,
    "lab04": lab04.report,
    "lab04-tuning": lab04.tune,
    "lab05": lab05.report,
    "lab05-real": lab05_real.report,
    "lab05-tuning": lab05.tune,
    "lab06": lab06.report,
    "lab06-tuning": lab06.tune,
}
"""Name to the function that runs the study, or goes on where it stopped."""
