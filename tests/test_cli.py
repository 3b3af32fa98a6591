"""The command line: what it prints, where, and with which exit status."""

import subprocess
import sys
import textwrap

import pytest

from rheobase import __version__, cli


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write


COMMANDS = ["tour", "course", "run", "explain", "show", "convert", "bench", "doctor"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as done:
        cli.main([command, "--help"])
    assert done.value.code == 0
    assert f"usage: rheobase {command}" in capsys.readouterr().out


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"rheobase {__version__}\n"


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["bench", "cobra"], "invalid choice: 'cobra'"),
        (["bench", "cuba", "--repetitions", "0"], "a positive whole number, got '0'"),
        (["run"], "required: FILE\n"),
        (["explain", "--dt", "5", "LIF"], "a time above 0, such as '0.1 ms', got '5'"),
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments, says, capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(arguments)
    assert done.value.code == 2
    assert says in capsys.readouterr().err


def test_help_loads_nothing_heavy():
    code = (
        "import sys, rheobase.cli\n"
        "try: rheobase.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'numba', 'scipy', 'matplotlib', 'pint', 'xarray', 'h5py'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_run_gives_a_script_its_arguments_folder_and_name(script, tmp_path, capsys):
    (tmp_path / "neighbor.py").write_text("value = 7\n")
    path = script("""
        import sys
        from neighbor import value
        print(__name__, sys.argv[1:], value)
    """)
    before = sys.argv[:], sys.path[:]
    assert cli.main(["run", path, "--fast", "3"]) == 0
    assert capsys.readouterr().out == "__main__ ['--fast', '3'] 7\n"
    assert (sys.argv, sys.path) == before


def test_an_error_of_the_model_is_one_message_with_the_innermost_line_of_the_script(script, capsys):
    path = script("""
        import rheobase as rb

        def build():
            net = rb.Network(dt="0.1 ms")
            net.run(1)

        build()
    """)
    assert cli.main(["run", path]) == 1
    assert capsys.readouterr().err == (
        f"{path}, line 6: UnitError: the duration: expected a time, got the plain number 1; "
        "write net.run(1*second)\n"
        "Five lines about units: docs/five-lines-about-units.md\n"
        f"in line 6 of {path}:\n"
        "  net.run(1)\n"
    )


def test_an_error_in_a_model_points_into_its_text_and_at_the_script(script, capsys):
    path = script("""
        import rheobase as rb
        model = rb.Model("dv/dt = -v/tau : furlong")
    """)
    assert cli.main(["run", path]) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"{path}, line 3: UnitError: furlong is not a unit\n")
    assert "^^^^^^^" in text
    assert text.endswith(f'in line 3 of {path}:\n  model = rb.Model("dv/dt = -v/tau : furlong")\n')
    assert "Traceback" not in text


def test_any_other_error_is_one_message_too(script, capsys):
    path = script("""
        def divide(a):
            return a/0

        divide(1)
    """)
    assert cli.main(["run", path]) == 1
    assert capsys.readouterr().err == (
        f"{path}, line 3: ZeroDivisionError: division by zero\n"
        f"in line 3 of {path}:\n"
        "  return a/0\n"
        "Run again with `rheobase --debug` for the traceback.\n"
    )


def test_an_error_inside_a_library_is_told_by_the_line_that_called_it(script, capsys):
    path = script("""
        import json
        json.loads("{")
    """)
    assert cli.main(["run", path]) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"{path}, line 3: JSONDecodeError: Expecting property name")
    assert f"in line 3 of {path}:\n  json.loads" in text


def test_an_error_in_a_module_beside_the_script_is_told_there(script, tmp_path, capsys):
    (tmp_path / "beside.py").write_text("def fail():\n    raise ValueError\n")
    assert cli.main(["run", script("import beside\nbeside.fail()")]) == 1
    beside = tmp_path / "beside.py"
    assert capsys.readouterr().err == (
        f"{beside}, line 2: ValueError\nin line 2 of {beside}:\n  raise ValueError\n"
        "Run again with `rheobase --debug` for the traceback.\n"
    )


def test_an_error_of_syntax_is_told_where_it_is(script, capsys):
    path = script("x = 1\ny = = 2\n")
    assert cli.main(["run", path]) == 1
    assert capsys.readouterr().err == (
        f"{path}, line 2: SyntaxError: invalid syntax\nin line 2 of {path}:\n  y = = 2\n"
        "Run again with `rheobase --debug` for the traceback.\n"
    )


def test_the_script_is_called_as_it_was_written_also_when_it_changes_the_folder(
    script, tmp_path, monkeypatch, capsys
):
    script("import os\nos.chdir('/')\nraise ValueError('odd')")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "script.py"]) == 1
    assert capsys.readouterr().err.startswith(
        "script.py, line 3: ValueError: odd\nin line 3 of script.py:\n  raise ValueError('odd')\n"
    )


def test_our_own_bug_in_a_script_is_told_apart(script, capsys):
    path = script("""
        from rheobase.errors import InternalError
        error = InternalError("oops")
        error.add_note("while testing")
        raise error
    """)
    assert cli.main(["run", path]) == 1
    assert capsys.readouterr().err == (
        f"{path}, line 5: InternalError: oops\nwhile testing\n"
        f"in line 5 of {path}:\n  raise error\n"
        "This is a bug in Rheobase. Run again with --debug and report it.\n"
    )


def test_an_error_in_a_file_to_explain_is_told_where_it_is(script, capsys):
    path = script("x = 1/0")
    assert cli.main(["explain", f"{path}:model"]) == 1
    assert capsys.readouterr().err.startswith(
        f"{path}, line 1: ZeroDivisionError: division by zero\n"
    )


@pytest.mark.parametrize("before, behind", [(["--debug"], []), ([], ["--debug"])])
def test_debug_raises_written_before_the_command_or_behind_it(before, behind, script):
    with pytest.raises(ZeroDivisionError):
        cli.main([*before, "run", *behind, script("1/0")])


def test_debug_behind_the_script_is_the_scripts(script, capsys):
    assert cli.main(["run", script("import sys; print(sys.argv[1:])"), "--debug"]) == 0
    assert capsys.readouterr().out == "['--debug']\n"


def test_debug_shows_the_traceback_in_the_shell(script):
    path = script("1/0")
    done = subprocess.run(
        [sys.executable, "-m", "rheobase", "--debug", "run", path], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_run_passes_on_the_exit_status_of_a_script(script):
    with pytest.raises(SystemExit) as done:
        cli.main(["run", script("import sys; sys.exit(5)")])
    assert done.value.code == 5


def test_ctrl_c_exits_with_130(script, capsys):
    assert cli.main(["run", script("raise KeyboardInterrupt")]) == 130
    assert capsys.readouterr().err == "rheobase: interrupted\n"


def test_a_missing_script_is_one_line(tmp_path, capsys):
    missing = str(tmp_path / "none.py")
    assert cli.main(["run", missing]) == 1
    assert capsys.readouterr().err == f"rheobase: no such script: {missing}\n"


def test_explain_a_model_of_the_library(capsys):
    assert cli.main(["explain", "LIF"]) == 0
    text = capsys.readouterr().out
    assert "dv/dt" in text and "exact" in text and "def " in text


def test_explain_a_model_of_a_file(script, capsys):
    path = script("""
        import rheobase as rb
        decay = rb.Model("dx/dt = -x/tau : 1", parameters=dict(tau="5 ms"))
        if __name__ == "__main__":
            raise SystemExit("not reached")
    """)
    assert cli.main(["explain", f"{path}:decay"]) == 0
    assert "dx/dt" in capsys.readouterr().out
    assert cli.main(["explain", f"{path}:decy"]) == 1
    assert "no model 'decy'" in (text := capsys.readouterr().err) and "did you mean decay?" in text


def test_explain_an_unknown_model_suggests(capsys):
    assert cli.main(["explain", "HodgkinHuxly"]) == 1
    text = capsys.readouterr().err
    assert "did you mean HodgkinHuxley?" in text
    assert "Traceback" not in text


def test_explain_asks_which_model_of_a_file(capsys):
    assert cli.main(["explain", "my.py"]) == 1
    error = capsys.readouterr().err
    assert "my.py is a file: which model of it?" in error
    assert "write my.py:NAME" in error


def test_explain_refuses_a_file_without_models(script, capsys):
    assert cli.main(["explain", f"{script('x = 1')}:x"]) == 1
    assert "there is no rheobase.Model in" in capsys.readouterr().err


def test_explain_channels_membranes_and_cells(tmp_path, script, capsys):
    assert cli.main(["explain", "HHSodium"]) == 0
    assert capsys.readouterr().out.startswith("Na: Sodium channel of the squid axon")
    (tmp_path / "m.toml").write_text(
        '[membranes.soma]\nchannels = ["Leak"]\n[cells.ball]\nmembrane = "soma"\n'
        'morphology = "cylinder(length=20 um, diameter=20 um)"\n[populations.x]\nmodel = "ball"\n'
    )
    assert cli.main(["explain", f"{tmp_path}/m.toml:soma"]) == 0
    assert "I_L = g_L*(v - E_L) : uA/cm**2" in capsys.readouterr().out
    assert cli.main(["explain", f"{tmp_path}/m.toml:ball"]) == 0
    assert "  ball: 1 compartment in 1 section\n" in capsys.readouterr().out
    path = script("import rheobase as rb\nm = rb.Membrane([rb.channels.Leak])\n")
    assert cli.main(["explain", f"{path}:m"]) == 0
    assert "Membrane: A membrane of L." in capsys.readouterr().out
    assert cli.main(["explain", f"{tmp_path}/m.toml:bal"]) == 1
    assert "no model 'bal'" in capsys.readouterr().err


def test_our_own_bugs_are_told_apart():
    from rheobase.errors import InternalError, UserError

    assert cli.describe_error(UserError("wrong")) == "wrong"
    assert "This is a bug in Rheobase" in cli.describe_error(InternalError("oops"))
    assert cli.describe_error(ValueError("odd")).startswith("ValueError: odd\nRun again with")
