"""Running a model file: results, a report, the file itself and what it ran on, in one folder."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rheobase.errors import FileFormatError, RheobaseWarning, UserError
from rheobase.modelfiles.experiment import Experiment, read
from rheobase.modelfiles.report import render
from rheobase.results import Result
from rheobase.results.writing import place_beside, why_not_written
from rheobase.simulation.warning import warn

RESULTS, REPORT, RECORD = "results.h5", "report.html", "run.json"


@dataclass(frozen=True)
class Finished:
    """What running a model file left.

    Attributes
    ----------
    experiment : Experiment
        With the network as it stands after the run.
    result : Result
    folder : Path
        `results.h5`, `report.html`, the model file and `run.json` (versions, seed, settings,
        checksum) are in it.
    report : Path
        The page, one file that needs nothing beside it.
    warnings : tuple of str
        What the library warned of.
    """

    experiment: Experiment
    result: Result
    folder: Path
    report: Path
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Finished: {self.experiment.document.name}, in {self.folder}>\n{self.result!r}"


def run(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    set: Sequence[str] = (),
    *,
    progress: bool | None = None,
) -> Finished:
    """Run a model file, and write results and a report.

    Parameters
    ----------
    path : path
        The file, TOML as of the reference page "Model files".
    out : path, optional
        The folder for what is written, made if it is not there; if not given, the file's
        `output.folder`, or its name with "-results" where the command is called. Files of an
        earlier run are replaced, each at once and only when the run has ended.
    set : sequence of str
        "path=value" each, as of `read`.
    progress : bool, optional
        Whether to show a progress bar; if not given, on terminals and in notebooks.

    Returns
    -------
    Finished

    Raises
    ------
    UserError
        With file, line and column. What a run left that was stopped by an error, or by Ctrl-C,
        is in `results.h5`, with a note.
    FileFormatError
        The folder cannot be written to.
    """
    said: list[str] = []
    with _listening(said):
        experiment = read(path, set)
        folder = _folder(experiment, out)
        try:
            result = experiment.run(progress)
        except (UserError, KeyboardInterrupt):
            _keep_what_there_is(experiment, folder)
            raise
    written = _write(experiment, result, folder, said)
    for text in said:
        warn(text)
    return Finished(experiment, result, folder, written, tuple(said))


@contextmanager
def _listening(said: list[str]) -> Iterator[None]:
    """Collect what the library warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RheobaseWarning)
        yield
    for one in caught:
        if not issubclass(one.category, RheobaseWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        elif str(one.message) not in said:
            said.append(str(one.message))


def _folder(experiment: Experiment, out: str | os.PathLike[str] | None) -> Path:
    """Return the folder, made if need be, before the run: what cannot be written is told first."""
    document = experiment.document
    named = document.get(("output", "folder"))
    folder = Path(out if out is not None else named or f"{Path(document.name).stem}-results")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = place_beside(folder / RECORD)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise FileFormatError(
            f"the results cannot be written to {folder}: {why_not_written(error)}",
            mend="name another folder: --out results",
        ) from None
    return folder


def _keep_what_there_is(experiment: Experiment, folder: Path) -> None:
    """Write what came before an error or an interruption."""
    partial = experiment.network.last_result
    if partial is not None:
        partial.note = partial.note or "the run was stopped"
        partial.save(folder / RESULTS)


def _write(experiment: Experiment, result: Result, folder: Path, said: Sequence[str]) -> Path:
    document = experiment.document
    result.metadata.update(
        model_file=document.name,
        model_sha256=document.sha256,
        model_settings="\n".join(document.settings),
    )
    page = render(experiment, result, said)
    result.save(folder / RESULTS)
    if document.get(("output", "nwb")):
        result.to_nwb(folder / "results.nwb")
    copy = folder / Path(document.name).name
    if not (copy.exists() and Path(document.name).exists() and copy.samefile(document.name)):
        write_text(copy, document.text)
    write_text(folder / REPORT, page)
    record = json.dumps(record_of(experiment, result), indent=2, ensure_ascii=False)
    write_text(folder / RECORD, record + "\n")
    return folder / REPORT


def record_of(experiment: Experiment, result: Result) -> dict[str, Any]:
    """Return what it takes to repeat a run: file, checksum, settings, seed, versions."""
    document = experiment.document
    return {
        "file": document.name,
        "sha256": document.sha256,
        "settings": list(document.settings),
        "seed": result.seed,
        "dt_s": result.dt,
        "start_s": result.start,
        "stop_s": result.stop,
        "note": result.note,
        "written": datetime.now().astimezone().isoformat(timespec="seconds"),
        "timing": dict(result.timing),
        "metadata": result.metadata,
    }


def write_text(path: Path, text: str) -> None:
    """Write a file beside its place, and move it there when it is whole.

    Raises
    ------
    FileFormatError
        It cannot be written there.
    """
    unfinished = place_beside(path)
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        os.replace(unfinished, path)
    except OSError as error:
        raise FileFormatError(f"cannot write {path}: {why_not_written(error)}") from error
    finally:
        unfinished.unlink(missing_ok=True)
