"""The guided tour: every level once, on real protocols, beside the published numbers.

`run` performs all experiments and writes one HTML page with the figures, the code that made
them, the numbers published and found, and a verdict on each. A new chapter is a module in
`rheobase.tour.pages` that makes a `Chapter`; nothing else has to be told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from rheobase.tour.machine import describe_machine
from rheobase.tour.page import Chapter
from rheobase.tour.report import Done, Report, render

__all__ = ["Report", "chapters", "run"]


def chapters() -> list[Chapter]:
    """Return all chapters of the tour, in order."""
    from rheobase.tour import pages

    found = [
        value
        for module in iter_modules(pages.__path__)
        for value in vars(import_module(f"{pages.__name__}.{module.name}")).values()
        if isinstance(value, Chapter)
    ]
    return sorted(found, key=lambda chapter: chapter.order)


def run(
    out: Path | str,
    quick: bool = False,
    *,
    say: Callable[[str], None] | None = None,
    selected: Sequence[Chapter] | None = None,
) -> Report:
    """Perform the tour and write its report.

    Parameters
    ----------
    out : path
        A folder, made if it is not there; the report is `index.html` in it.
    quick : bool
        Shorter runs where an experiment has them.
    say : callable, optional
        Takes the lines that tell how it goes; they are printed unless given.
    selected : sequence of Chapter, optional
        Of all chapters, those wanted.

    Returns
    -------
    Report
        `.path` of the page, and `.passed`: whether all verdicts agree.
    """
    say = say or partial(print, flush=True)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    plan = chapters() if selected is None else list(selected)
    total = sum(len(chapter.experiments) for chapter in plan)
    number = 0
    finished: list[tuple[Chapter, list[Done]]] = []
    for chapter in plan:
        say(chapter.title)
        done: list[Done] = []
        for experiment in chapter.experiments:
            number += 1
            page = experiment(quick)
            done.append((experiment, page))
            dots = "." * max(3, 58 - len(experiment.title))
            say(f"  {number:>2}/{total} {experiment.title} {dots} {page.verdict:<8}"
                f"{page.seconds:6.1f} s")  # fmt: skip
            if page.failure:
                say(f"        {page.failure}")
            for check in page.checks:
                if not check.agrees:
                    say(f"        {check.what}: published {check.published}, found {check.found}")
        finished.append((chapter, done))
    report = Report(folder / "index.html", finished)
    report.path.write_text(render(report, describe_machine(), quick), encoding="utf-8")
    agreeing = sum(page.agrees for page in report.pages)
    say(f"{agreeing} of {total} experiments agree with what was published"
        f" ({report.seconds:.0f} s)")  # fmt: skip
    return report
