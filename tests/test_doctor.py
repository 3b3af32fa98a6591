"""What `rheobase doctor` finds, on a sound installation and on others."""

from importlib import metadata

from rheobase import cli, doctor


def test_this_installation_is_sound(capsys):
    assert cli.main(["doctor"]) == 0
    text = capsys.readouterr().out
    for word in ("rheobase", "Python", "numba", "cache", "the same spikes, to the last bit"):
        assert word in text
    assert text.endswith("Everything needed is there.\n")


def without(monkeypatch, *missing):
    version = metadata.version

    def fake(name):
        if name in missing:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor.metadata, "version", fake)


def test_without_numba_the_interpreter_is_named(monkeypatch):
    without(monkeypatch, "numba")
    examination = doctor.examine()
    assert examination.healthy
    assert 'python -m pip install numba; until then use run(..., backend="interpreter")' in str(
        examination
    )


def test_what_is_missing_is_named_with_the_way_to_get_it(monkeypatch):
    without(monkeypatch, "h5py", "neo")
    examination = doctor.examine()
    text = str(examination)
    assert not examination.healthy
    assert "! h5py         not installed (files); get it with: python -m pip install h5py" in text
    assert 'python -m pip install "rheobase[neo]"' in text
    assert text.endswith("Mend the lines marked ! .")


def test_packages_that_read_morphologies_are_optional(monkeypatch):
    without(monkeypatch, "morphio", "libneuroml")
    examination = doctor.examine()
    assert examination.healthy
    for name, use, extra in (
        ("- morphio     ", "rb.Morphology.from_asc", "morphology"),
        ("- libneuroml  ", "rb.Morphology.from_neuroml", "neuroml"),
    ):
        line = next(line for line in str(examination).splitlines() if line.startswith(name))
        assert use in line and f'python -m pip install "rheobase[{extra}]"' in line


def test_a_run_that_fails_is_a_finding(monkeypatch):
    def fails(backend):
        raise RuntimeError(f"no {backend}")

    monkeypatch.setattr(doctor, "_trial_spikes", fails)
    examination = doctor.examine()
    assert not examination.healthy
    assert "! interpreter  RuntimeError: no interpreter" in str(examination)


def test_folder_size(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "inner" / "b").write_bytes(b"345")
    assert doctor.folder_size(tmp_path) == (5, 2)
