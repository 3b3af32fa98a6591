"""The ``rheobase`` command: tour, course, run, explain, show, convert, bench, doctor.

Every command answers ``--help``. The exit status is 0 when all went well, 1 when the
work failed (one message, no traceback unless ``--debug``), 2 when the command line was
wrong and 130 after Ctrl-C. Whatever a command needs is imported when it runs, so that
``rheobase --help`` is there at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rheobase import __version__
from rheobase.bench import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process unless given.
    """
    options = build_parser().parse_args(argv)
    file = _file_of(options)
    try:
        status: int = options.action(options)
    except KeyboardInterrupt:
        print("rheobase: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            raise
        told = file and describe_in_file(error, *file)
        print(told or f"rheobase: {describe_error(error)}", file=sys.stderr)
        return FAILED
    return status


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    common = argparse.ArgumentParser(add_help=False)
    debug = "show the full traceback when something fails"
    # Left out where it is not written, or the command's default would undo `rheobase --debug run`.
    common.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=debug)
    parser = argparse.ArgumentParser(
        prog="rheobase", description="Neuron models at every level: describe, run, look."
    )
    parser.add_argument("--debug", action="store_true", help=debug)
    parser.add_argument("--version", action="version", version=f"rheobase {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    _add_tour(commands, common)
    _add_course(commands, common)
    _add_run(commands, common)

    explain = commands.add_parser(
        "explain",
        parents=[common],
        help="show what becomes of a model: equations, integrator, program, source",
        description="Show what becomes of one cell of a model: its equations, the integrator "
        "chosen and why, the program of one step, and the Python generated from it. Of a channel "
        "or membrane: its equations and values.",
    )
    explain.add_argument(
        "model",
        metavar="MODEL",
        help="a model or channel of the library (LIF, HHSodium, ...), or a model, membrane or cell "
        "of a file: FILE.py:NAME, FILE.toml:NAME",
    )
    explain.add_argument(
        "--dt",
        type=_step,
        default="0.1 ms",
        help="step of the simulation (default: %(default)s)",
    )
    explain.set_defaults(action=_explain)

    _add_morphologies(commands, common)
    _add_bench(commands, common)

    doctor = commands.add_parser(
        "doctor",
        parents=[common],
        help="check this installation",
        description="Show versions, cores and the cache, compile and run a small model, and say "
        "what is missing and how to get it.",
    )
    doctor.set_defaults(action=_doctor)
    return parser


def _add_morphologies(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    reading = argparse.ArgumentParser(add_help=False)
    source = (
        "file of a morphology: .swc, .asc (with morphio), .nml (with libneuroml); or a cell of "
    )
    reading.add_argument("file", metavar="FILE", help=f"{source}the gallery, such as pyramidal")
    of_swc = reading.add_argument_group("reading")
    of_swc.add_argument("--unit", metavar="UNIT", help="of an SWC file, such as nm (default: um)")
    of_swc.add_argument(
        "--minimum-radius", metavar="LENGTH", help='widen thinner points, such as "0.1 um"'
    )
    of_swc.add_argument(
        "--pieces", choices=["largest", "join"], help="of an SWC file in several pieces"
    )
    of_swc.add_argument("--cell", metavar="ID", help="of a NeuroML file with several cells")
    show = commands.add_parser(
        "show",
        parents=[common, reading],
        help="show a morphology: statistics, a picture, a page to turn it",
        description="Read a morphology, say what was repaired, and print its statistics.",
    )
    show.add_argument(
        "--out", type=Path, metavar="FILE", help="draw it: .png, .svg, .pdf; .html to turn it"
    )
    show.add_argument("--open", action="store_true", help="open what was drawn in a web browser")
    show.set_defaults(action=_show)
    convert = commands.add_parser(
        "convert",
        parents=[common, reading],
        help="write a morphology of any format as SWC",
        description="Read a morphology, say what was repaired, and write it as SWC.",
    )
    convert.add_argument("target", metavar="TARGET.swc", help="what to write")
    convert.set_defaults(action=_convert)


def _add_run(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    run = commands.add_parser(
        "run",
        parents=[common, _of_model_files()],
        help="run a model file or a Python script",
        description="Run a model file (.toml) and write its results and a report; or run a Python "
        "script as `python SCRIPT` would. An error is one message with the line of yours it came "
        "from; --debug, written before SCRIPT, shows the traceback.",
    )
    run.add_argument("script", metavar="FILE", help="a model file (.toml), or a file of Python")
    rest = run.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="the options above for a model file; passed on to a script",
    )
    rest.required = False  # Python 3.11 lists it as missing where FILE is
    run.set_defaults(action=_run)


def _of_model_files() -> argparse.ArgumentParser:
    """The options of `run` that a model file has, written before it or behind it."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("model files")
    group.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of what is written (default: FILE-results)"
    )
    group.add_argument(
        "--check",
        action="store_true",
        help="read the file and say what it describes and what running it costs; run nothing",
    )
    group.add_argument(
        "--set",
        action="append",
        metavar="PATH=VALUE",
        help='replace a value, such as run.duration="2 second" or connections.1.weight="3 nS"',
    )
    group.add_argument("--open", action="store_true", help="open the report in a web browser")
    return parser


def _add_tour(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    tour = commands.add_parser(
        "tour",
        parents=[common],
        help="run every level once and write a report",
        description="Run published experiments of every level and write a report: for each its "
        "figure, the code that made it, the numbers published and the numbers found.",
    )
    tour.add_argument(
        "--out",
        type=Path,
        default=Path("tour-report"),
        metavar="DIR",
        help="folder of the report (default: %(default)s)",
    )
    tour.add_argument("--quick", action="store_true", help="smaller networks, shorter runs")
    tour.add_argument(
        "--no-open", action="store_true", help="do not open the report in a web browser"
    )
    tour.set_defaults(action=_tour)


def _add_course(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    course = commands.add_parser(
        "course",
        parents=[common],
        help="write the course as notebooks with exercises",
        description="Write the course into a folder: one Jupyter notebook an experiment, with "
        "exercises and their checks. A notebook that is there is kept as it is.",
    )
    course.add_argument("out", type=Path, metavar="OUT", help="folder of the notebooks")
    course.add_argument(
        "--solutions", action="store_true", help="write them with solutions too, in OUT/solutions"
    )
    course.add_argument(
        "--force",
        action="store_true",
        help="replace notebooks that are there; work in them is lost",
    )
    course.set_defaults(action=_course)


def _add_bench(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    rows = "\n".join(f"  {name:<13} {what}" for name, what in BENCHMARKS.items())
    bench = commands.add_parser(
        "bench",
        parents=[common],
        help="measure known networks on this machine",
        description="Measure in fresh processes, with an empty cache and with a filled one, and\n"
        "set times and activity beside what is expected:\n"
        f"{rows}\n  {'all':<13} all of these",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bench.add_argument("name", metavar="NAME", choices=[*BENCHMARKS, "all"], help="what to measure")
    bench.add_argument(
        "--repetitions",
        type=_positive,
        metavar="N",
        help="warm processes, of which the median counts (default: 3, of large networks 1)",
    )
    for option, what in (
        ("scale", "fraction of the number of neurons"),
        ("indegree", "fraction of the inputs of a neuron (microcircuit)"),
        ("duration", "simulated seconds that are measured"),
    ):
        bench.add_argument(f"--{option}", type=_positive_number, metavar="X", help=what)
    bench.add_argument(
        "--threads", type=_positive, default=1, metavar="N", help="(default: %(default)s)"
    )
    bench.add_argument(
        "--storage", choices=["stored", "procedural"], help="of synapses (microcircuit)"
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file too")
    bench.set_defaults(action=_bench)


def _positive_number(text: str) -> float:
    """Read a number above 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0, got {text!r}")
    return value


def _positive(text: str) -> int:
    """Read a positive whole number, for argparse."""
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a positive whole number, got '{text}'")
    return value


def _step(text: str) -> str:
    """Read the length of a step, for argparse."""
    import rheobase as rb
    from rheobase.errors import UserError

    try:
        rb.Network(dt=text, seed=0)
    except UserError:
        raise argparse.ArgumentTypeError(
            f"expected a time above 0, such as '0.1 ms', got '{text}'"
        ) from None
    return text


def describe_error(error: BaseException) -> str:
    """One message for an error: what the user can act on, without a traceback."""
    from rheobase.errors import InternalError, UserError

    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, InternalError):
        return f"{error}\nThis is a bug in Rheobase. Run again with --debug and report it."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{text}\nRun again with --debug for the traceback."


def _tour(options: argparse.Namespace) -> int:
    from rheobase import tour

    report = tour.run(options.out, quick=options.quick)
    print(f"The report is {report.path}")
    if not options.no_open:
        _open_in_browser(report.path)
    return 0 if report.passed else FAILED


def _open_in_browser(path: Path) -> None:
    """Open a local page where there is somebody to look at it."""
    import os
    import webbrowser

    has_screen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_screen and not os.environ.get("CI"):
        webbrowser.open(path.resolve().as_uri())


def _run(options: argparse.Namespace) -> int:
    import runpy

    from rheobase.errors import UserError

    if options.script.lower().endswith(".toml"):
        return _run_model_file(options)
    if options.out or options.check or options.set or options.open:
        raise UserError(
            "--out, --check, --set and --open are for model files (.toml)",
            mend=f"options of the script stand behind it: rheobase run {options.script} --out DIR",
        )
    script = Path(options.script)
    if not script.is_file():
        raise FileNotFoundError(2, "no such script", str(script))
    # As `python SCRIPT` does: the arguments are the script's, and it imports its neighbors.
    argv, path = sys.argv[:], sys.path[:]
    sys.argv = [str(script), *options.arguments]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        runpy.run_path(str(script.absolute()), run_name="__main__")
    finally:
        sys.argv, sys.path[:] = argv, path
    return 0


def _run_model_file(options: argparse.Namespace) -> int:
    from rheobase.modelfiles.command import check_file, run_file

    parser = argparse.ArgumentParser(
        prog=f"rheobase run {options.script}", parents=[_of_model_files()]
    )
    parser.add_argument("--debug", action="store_true", help="show the full traceback")
    parser.parse_args(options.arguments, namespace=options)
    settings = options.set or []
    if options.check:
        check_file(options.script, settings)
        return 0
    report = run_file(options.script, options.out, settings)
    if options.open:
        _open_in_browser(report)
    return 0


def _file_of(options: argparse.Namespace) -> tuple[str, Path] | None:
    """The user's file a command runs: as it was written, and where it is.

    Found before the command runs, because a script may change the folder.
    """
    written = getattr(options, "script", "") or getattr(options, "model", "").rpartition(":")[0]
    return (written, Path(written).absolute()) if written else None


def describe_in_file(error: Exception, written: str, file: Path) -> str | None:
    """One message for an error in a user's file: where, what, and the line that was run.

    Parameters
    ----------
    error : Exception
    written : str
        The file, as the user wrote it.
    file : Path
        Where it is.

    Returns
    -------
    str or None
        None if no line of the user's was running.
    """
    from rheobase.errors import InternalError, UserError

    place = _place_in(error, file)
    if place is None:
        return None
    filename, number, line = place
    shown = written if Path(filename) == file else filename
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    lines = [f"{shown}, line {number}: {what}", *getattr(error, "__notes__", ())]
    if line.strip():
        lines.append(f"in line {number} of {shown}:\n  {line.strip()}")
    if isinstance(error, InternalError):
        lines.append("This is a bug in Rheobase. Run again with --debug and report it.")
    elif not isinstance(error, UserError):
        lines.append("Run again with `rheobase --debug` for the traceback.")
    return "\n".join(lines)


def _place_in(error: Exception, file: Path) -> tuple[str, int, str] | None:
    """The innermost line of the user's own code an error came from: file, number, text."""
    import sysconfig
    import traceback

    installed = sysconfig.get_paths()
    libraries = [Path(installed[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    libraries.append(Path(__file__).parent)
    folder = file.resolve().parent

    def is_users(filename: str) -> bool:
        path = Path(filename)
        if path == file:
            return True
        inside = folder in path.parents and "site-packages" not in path.parts
        return inside and not any(library in path.parents for library in libraries)

    if isinstance(error, SyntaxError) and error.filename and is_users(error.filename):
        return error.filename, error.lineno or 1, error.text or ""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_users(frame.filename):
            return frame.filename, frame.lineno or 1, frame.line or ""
    return None


def _reading(options: argparse.Namespace) -> dict[str, str]:
    names = ("unit", "minimum_radius", "pieces", "cell")
    return {name: given for name in names if (given := getattr(options, name)) is not None}


def _show(options: argparse.Namespace) -> int:
    from rheobase.errors import UserError
    from rheobase.morphology.command import show

    if options.open and options.out is None:
        raise UserError("--open opens what --out writes", mend="write --out cell.html --open")
    written = show(options.file, options.out, _reading(options))
    if options.open and written is not None:
        _open_in_browser(written)
    return 0


def _convert(options: argparse.Namespace) -> int:
    from rheobase.morphology.command import convert

    convert(options.file, options.target, _reading(options))
    return 0


def _course(options: argparse.Namespace) -> int:
    from rheobase import course

    print(course.write(options.out, solutions=options.solutions, force=options.force))
    return 0


def _explain(options: argparse.Namespace) -> int:
    import rheobase as rb

    model = load_model(options.model)
    if not isinstance(model, (rb.Model, rb.Cell)):  # a channel, pool or membrane is no cell
        print(model.describe())
        return 0
    net = rb.Network(dt=options.dt, seed=0)
    net.add(model, 1, name=options.model.rpartition(":")[2])
    print(net.explain())
    return 0


def load_model(text: str) -> Any:
    """The model named on the command line, or the channel, membrane or cell.

    Parameters
    ----------
    text : str
        The name of a model in ``rheobase.models`` or of a channel in ``rheobase.channels``;
        ``FILE.toml:NAME``, a table of `models`, `cells`, `membranes` or `channels` of a model
        file; or ``FILE.py:NAME``: the file is run as a module named ``__explain__`` (what stands
        under ``if __name__ == "__main__"`` does not run) and the model is the value of NAME.

    Raises
    ------
    UnknownNameError
        If there is no such model; the message suggests the nearest names.
    FileNotFoundError
        If there is no such file.
    """
    import rheobase as rb
    from rheobase.errors import UnknownNameError, UserError, did_you_mean

    path, colon, name = text.rpartition(":")
    if not colon:
        if name.endswith((".py", ".toml")):
            raise UserError(f"{name} is a file: which model of it?", mend=f"write {name}:NAME")
        channel = getattr(rb.channels, name, None) if name in rb.channels.__all__ else None
        return channel if isinstance(channel, _kinds()) else rb.models.find(name)
    models = _models_of(path)
    if name in models:
        return models[name]
    if not models:
        raise UserError(f"there is no rheobase.Model in {path}", mend="name a file that makes one")
    close = did_you_mean(name, models)
    hint = f"did you mean {close}?" if close else f"there are {', '.join(sorted(models))}"
    raise UnknownNameError(f"no model '{name}' in {path}; {hint}")


def _kinds() -> tuple[type, ...]:
    """The classes of what can be explained."""
    import rheobase as rb

    return rb.Model, rb.Cell, rb.Membrane, rb.Channel, rb.channels.Pool


def _models_of(path: str) -> dict[str, Any]:
    """The models, channels, membranes and cells of a file of Python or a model file, by name."""
    if path.lower().endswith(".toml"):
        from rheobase import modelfiles

        made = modelfiles.read(path)
        return {**made.channels, **made.membranes, **made.cells, **made.models}
    import runpy

    if not Path(path).is_file():
        raise FileNotFoundError(2, "no such file", path)
    names = runpy.run_path(str(Path(path).absolute()), run_name="__explain__")
    return {key: value for key, value in names.items() if isinstance(value, _kinds())}


def _bench(options: argparse.Namespace) -> int:
    from rheobase.bench.measure import Asked, as_json, measure

    names = list(BENCHMARKS) if options.name == "all" else [options.name]
    asked = Asked(
        options.repetitions, options.scale, options.indegree, options.duration, options.threads,
        options.storage,
    )  # fmt: skip
    figures = measure(names, asked, say=lambda text: print(text, flush=True))
    if options.json:
        options.json.write_text(as_json(figures) + "\n", encoding="utf-8")
    return 0 if all(figure.fine for figure in figures) else FAILED


def _doctor(options: argparse.Namespace) -> int:
    from rheobase.doctor import examine

    examination = examine()
    print(examination)
    return 0 if examination.healthy else FAILED


if __name__ == "__main__":
    sys.exit(main())
