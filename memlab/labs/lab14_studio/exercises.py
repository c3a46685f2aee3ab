"""Exercises of lab 14: two what-ifs that the reader answers with the studio."""

from __future__ import annotations

from typing import Any

from memlab.course import Exercise
from memlab.rivals.knobs import DEFAULT, NONE, checked
from memlab.rivals.lived import at_once

EXERCISES: dict[str, Exercise] = {}
