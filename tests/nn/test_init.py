"""The names of rheobase.nn: there, loaded when used, and guessed when misspelled."""

import subprocess
import sys
from importlib import import_module

import pytest

from rheobase import nn


def test_every_name_is_there_and_listed():
    for name in nn.__all__:
        assert getattr(nn, name) is not None
    assert set(nn.__all__) <= set(dir(nn))
    assert sorted(nn._HOMES) == sorted(nn.__all__)
    assert nn.Dense is import_module("rheobase.nn.layers.dense").Dense
    assert callable(nn.net_input) and callable(nn.activation)  # not modules of that name


def test_importing_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys; from rheobase import nn\n"
         "heavy = {'numpy', 'numba', 'scipy', 'matplotlib', 'torch', 'keras', 'h5py'}\n"
         "print(sorted(heavy & set(sys.modules)))\n"
         "[getattr(nn, name) for name in nn.__all__]\n"
         "print(sorted(heavy & set(sys.modules)))"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "[]\n['numpy']\n"


def test_whatever_is_used_first_can_be_imported_first():
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys; from rheobase import nn\n"
         "for module in sorted({home.partition(':')[0] for home in nn._HOMES.values()}):\n"
         "    for loaded in [name for name in sys.modules if name.startswith('rheobase')]:\n"
         "        del sys.modules[loaded]\n"
         "    __import__(module)\n"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize("name, meant", [
    ("Linear", "Dense"), ("Conv2d", "Conv2D"), ("RNN", "Recurrent"), ("Dens", "Dense"),
    ("ReLU", "relu"), ("AveragePool2D", "AvgPool2D"),
])  # fmt: skip
def test_a_name_from_elsewhere_is_guessed(name, meant):
    with pytest.raises(AttributeError) as refused:
        getattr(nn, name)
    assert str(refused.value) == (
        f"module 'rheobase.nn' has no attribute '{name}'; did you mean nn.{meant}?"
    )
