"""The course as notebooks, one an experiment, with exercises, checks and solutions.

``rheobase course OUT`` writes them. Inside a notebook, `start` prepares the figures,
`exercise` checks what a student wrote, and `summary` counts what is solved.
"""

from rheobase.course.checking import Exercise, exercise, start, summary
from rheobase.course.sources import Lesson, lessons
from rheobase.course.writing import Written, write

__all__ = ["Exercise", "Lesson", "Written", "exercise", "lessons", "start", "summary", "write"]
