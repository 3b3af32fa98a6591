"""`rheobase run MODEL.toml` on the command line."""

import pytest

from rheobase import cli


@pytest.fixture
def model(tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.toml").write_text(text)
    return "model.toml"


def test_a_model_file_is_run(model, tmp_path, capsys):
    assert cli.main(["run", model, "--out", "there", "--set", "run.duration=20 ms"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("cells: ") and said[0].endswith(" Hz a cell")
    assert said[1:] == ["The results are there/results.h5", "The report is there/report.html"]
    assert (tmp_path / "there" / "report.html").exists()


@pytest.mark.parametrize("arguments", [["--check", "model.toml"], ["model.toml", "--check"]])
def test_check_runs_and_writes_nothing(arguments, model, tmp_path, capsys):
    assert cli.main(["run", *arguments]) == 0
    assert capsys.readouterr().out.startswith("model.toml: Two populations\n  dt 0.1 ms, seed 1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["model.toml"]


def test_settings_stand_before_the_file_or_behind_it(model, capsys):
    before = ["--set", "populations.cells.size=3"]
    behind = ["--set", "network.seed=9", "--check"]
    assert cli.main(["run", *before, model, *behind, "--set", "connections=[]"]) == 0
    said = capsys.readouterr().out
    assert "seed 9" in said and "cells: 3 cells" in said and "connections" not in said


def test_an_error_is_one_message_with_the_line(model, capsys):
    assert cli.main(["run", model, "--check", "--set", "run.duraton=1"]) == 1
    assert capsys.readouterr().err == (
        "rheobase: --set: [run] has no key 'duraton'; did you mean duration?\n"
        "  --set run.duraton=1\n                    ^\n"
        "its keys are duration, threads, backend, stop_when, error_check\n"
    )
    assert cli.main(["run", "modle.toml"]) == 1
    assert "did you mean model.toml?" in capsys.readouterr().err


def test_debug_raises(model):
    from rheobase.errors import UnknownNameError

    for arguments in (["--debug", "run", model], ["run", model, "--debug"]):
        with pytest.raises(UnknownNameError):
            cli.main([*arguments, "--set", "run.x=1"])


def test_options_there_are_not_exit_with_2(model, capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(["run", model, "--outt", "x"])
    assert done.value.code == 2
    assert "unrecognized arguments: --outt" in capsys.readouterr().err
    with pytest.raises(SystemExit) as done:
        cli.main(["run", model, "--help"])
    assert done.value.code == 0
    assert "--set PATH=VALUE" in capsys.readouterr().out


def test_options_of_model_files_are_refused_for_scripts(capsys):
    assert cli.main(["run", "--out", "x", "script.py"]) == 1
    assert "--out, --check, --set and --open are for model files" in capsys.readouterr().err


def test_the_report_is_opened_on_request(model, monkeypatch):
    opened = []
    monkeypatch.setattr(cli, "_open_in_browser", opened.append)
    assert cli.main(["run", model, "--open", "--set", "run.duration=1 ms"]) == 0
    assert [path.name for path in opened] == ["report.html"]


def test_warnings_are_lines(model, capsys):
    one = '[{pre="cells", post="cells", to="excitatory", weight="1 mV", name="NAME"}'
    twice = f"connections={one.replace('NAME', 'a')}, {one[1:].replace('NAME', 'b')}]"
    for more in (["--check"], ["--set", "run.duration=1 ms"]):
        assert cli.main(["run", model, "--set", twice, *more]) == 0
        assert "Warning: net.connect(cells, cells, ...): the same cells" in capsys.readouterr().out


def test_a_model_of_a_file_is_explained(model, capsys):
    assert cli.main(["explain", "model.toml:cell"]) == 0
    assert "dg_e/dt = -g_e/tau_e" in capsys.readouterr().out
    assert cli.main(["explain", "model.toml:cel"]) == 1
    assert "no model 'cel' in model.toml; did you mean cell?" in capsys.readouterr().err
    assert cli.main(["explain", "model.toml"]) == 1
    assert "write model.toml:NAME" in capsys.readouterr().err
