"""What a run leaves: results, a report, the file, and what it takes to repeat it."""

import json
import os
import warnings

import pytest

import rheobase as rb
from rheobase import modelfiles
from rheobase.errors import FileFormatError, RheobaseWarning, UnitError, UserError
from rheobase.modelfiles import report, running
from rheobase.simulation import Projection


@pytest.fixture
def path(tmp_path, text):
    file = tmp_path / "model.toml"
    file.write_text(text)
    return file


def test_a_run_leaves_results_a_report_the_file_and_a_record(path, tmp_path):
    out = tmp_path / "out" / "deep"
    finished = modelfiles.run(path, out=out, set=["network.seed=7"])
    assert sorted(file.name for file in out.iterdir()) == [
        "model.toml", "report.html", "results.h5", "run.json",
    ]  # fmt: skip
    assert finished.folder == out and finished.report == out / "report.html"
    kept = rb.Result.load(out / "results.h5")
    assert kept.spikes["cells"] == finished.result.spikes["cells"]
    assert kept.metadata["model_file"] == str(path)
    assert kept.metadata["model_settings"] == "network.seed=7"
    assert (out / "model.toml").read_text() == path.read_text()
    record = json.loads((out / "run.json").read_text())
    assert record["seed"] == 7 and record["settings"] == ["network.seed=7"]
    assert record["sha256"] == kept.metadata["model_sha256"]
    assert record["metadata"]["rheobase"] == rb.__version__
    assert repr(finished).startswith(f"<Finished: {path}, in {out}>\n<Result: 0 s to 0.05 s")


def test_where_results_go(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert modelfiles.run("model.toml").folder.resolve() == tmp_path / "model-results"
    named = modelfiles.run("model.toml", set=["output.folder=here"])
    assert named.folder.resolve() == tmp_path / "here"
    # Beside the file itself: the file is not replaced by its copy.
    before = path.stat().st_ino
    modelfiles.run("model.toml", out=".")
    assert path.stat().st_ino == before and (tmp_path / "results.h5").exists()


def test_results_of_an_earlier_run_stay_until_there_are_new_ones(path, tmp_path, monkeypatch):
    out = tmp_path / "out"
    first = modelfiles.run(path, out=out)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running.os, "replace", full)
    with pytest.raises(FileFormatError, match=r"the disk is full|No space left"):
        modelfiles.run(path, out=out, set=["network.seed=2"])
    monkeypatch.undo()
    assert rb.Result.load(out / "results.h5").seed == first.result.seed
    assert not list(out.glob(".*unfinished"))


def test_a_folder_that_cannot_be_written_is_told_before_the_run(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(modelfiles.Experiment, "run", lambda *_: pytest.fail("it ran"))
    with pytest.raises(FileFormatError) as caught:
        modelfiles.run(path, out=tmp_path / "file" / "out")
    assert "the results cannot be written to" in str(caught.value)
    assert "name another folder: --out results" in str(caught.value)


def test_an_interrupted_run_keeps_what_there_is(path, tmp_path, monkeypatch):
    def interrupted(self, progress=None):
        self.network.run("10 ms", backend="interpreter")
        raise KeyboardInterrupt

    monkeypatch.setattr(modelfiles.Experiment, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        modelfiles.run(path, out=tmp_path / "out")
    kept = rb.Result.load(tmp_path / "out" / "results.h5")
    assert kept.stop == pytest.approx(0.01) and kept.note == "the run was stopped"


def test_warnings_are_told_and_stand_in_the_report(path, tmp_path):
    again = path.read_text().partition("[[recordings]]")[0].rpartition("[[connections]]")
    twice = path.read_text() + "\n[[connections]]" + again[2].replace('"inhibition"', '"again"')
    path.write_text(twice)
    with pytest.warns(RheobaseWarning, match="the same cells were connected in the same way"):
        finished = modelfiles.run(path, out=tmp_path / "out")
    (said,) = finished.warnings
    assert said.startswith("net.connect(cells, cells, ...)")
    page = finished.report.read_text()
    assert '<p class="warning">net.connect(cells, cells, ...)' in page


def test_other_warnings_pass_through(path, tmp_path, monkeypatch):
    def warned(self, progress=None):
        warnings.warn("of NumPy", RuntimeWarning, stacklevel=1)
        return self.network.run("1 ms", backend="interpreter")

    monkeypatch.setattr(modelfiles.Experiment, "run", warned)
    with pytest.warns(RuntimeWarning, match="of NumPy"):
        assert modelfiles.run(path, out=tmp_path).warnings == ()


def test_the_report_says_what_was_run(path, tmp_path):
    page = modelfiles.run(path, out=tmp_path / "out").report.read_text()
    for part in (
        "<title>Two populations</title>", "model.toml: 0.05 s in steps of 0.1 ms, seed 1.",
        "20 cells in 1 population", '<img alt="Spikes: a row a cell',
        '<img alt="v of cells, 3 cells',
        '<img alt="Rates of the populations in bins of 5 ms.',
        "<td>fixed_probability(p=0.2)</td>", "<td>1.62 mV</td>", "<td>cells[:16]</td>",
        "dg_e/dt = -g_e/tau_e : mV", "cells: integrated by exact", "<h2>The file</h2>",
        "<code>rheobase run ",
    ):  # fmt: skip
        assert part in page, part
    assert 'src="http' not in page and "<script" not in page
    assert "--set network.seed" not in page  # the file has one


def test_the_report_repeats_seed_and_settings(path, tmp_path):
    path.write_text(path.read_text().replace("seed = 1\n", ""))
    finished = modelfiles.run(path, out=tmp_path / "out", set=['run.duration="20 ms"'])
    seed = finished.result.seed
    expected = (
        f"model.toml --set &#x27;run.duration=&quot;20 ms&quot;&#x27; --set network.seed={seed}"
    )
    assert expected in finished.report.read_text()


def test_texts_of_the_file_are_no_html(path, tmp_path):
    path.write_text(path.read_text().replace("Two populations", "<b>bold</b> & more"))
    page = modelfiles.run(path, out=tmp_path / "out").report.read_text()
    assert "<h1>&lt;b&gt;bold&lt;/b&gt; &amp; more</h1>" in page
    assert "<b>bold" not in page


def test_figures_can_be_chosen(path, tmp_path):
    finished = modelfiles.run(path, out=tmp_path / "a", set=['output.figures=["traces"]'])
    assert finished.report.read_text().count("<img") == 1
    none = modelfiles.run(path, out=tmp_path / "b", set=["output.figures=[]"])
    assert "<img" not in none.report.read_text()
    with pytest.raises(UserError, match=r"there is no figure 'rastr'; did you mean raster\?"):
        modelfiles.run(path, out=tmp_path / "c", set=['output.figures=["rastr"]'])
    with pytest.raises(UnitError, match=r"--set: .*bin"):
        modelfiles.run(path, out=tmp_path / "d", set=['output.bin="5 mV"'])


def test_the_rate_of_few_cells_is_drawn_on_request(path, tmp_path):
    few = ["populations.cells.size=5", "connections=[]", "recordings=[]"]
    page = modelfiles.run(path, out=tmp_path / "a", set=few).report.read_text()
    assert "Rates of the populations" not in page and page.count("<img") == 1
    asked = modelfiles.run(path, out=tmp_path / "b", set=[*few, 'output.figures=["rates"]'])
    assert "Rates of the populations in bins of 5 ms." in asked.report.read_text()


def test_what_synapses_do_is_drawn_as_their_mean(path, tmp_path):
    more = [
        'synapses.count.equations="n : 1"',
        'synapses.count.on_pre="deliver(weight); n += 1"',
        'connections.1.synapse="count"',
        'recordings=[{connection="excitation", variables=["n"], every="10 ms"}]',
    ]
    page = modelfiles.run(path, out=tmp_path / "out", set=more).report.read_text()
    assert "synapses, their mean." in page and '<img alt="n of excitation' in page


def test_an_error_check_stands_in_the_report(path, tmp_path):
    done = modelfiles.run(path, out=tmp_path / "a", set=['run.error_check="10 ms"'])
    assert "<h2>Errors of the step</h2>" in done.report.read_text()


def test_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    running.write_text(target, "one")
    real = os.replace
    monkeypatch.setattr(running.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(13, "no")))
    with pytest.raises(FileFormatError, match=r"cannot write .*a\.txt"):
        running.write_text(target, "two")
    monkeypatch.setattr(running.os, "replace", real)
    assert target.read_text() == "one" and os.listdir(tmp_path) == ["a.txt"]


def test_large_connections_are_not_drawn_for_the_report(path, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MOST_SYNAPSES", 10)
    monkeypatch.setattr(Projection, "weights", property(lambda _: pytest.fail("drawn")))
    page = modelfiles.run(path, out=tmp_path / "out").report.read_text()
    assert "<td>fixed_indegree(n=2)</td><td>40</td>" in page.replace(' class="number"', "")
