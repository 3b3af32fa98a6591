"""The public names: all there, loaded when used, and light until then."""

import subprocess
import sys

import pytest

import rheobase as rb


@pytest.mark.parametrize("name", rb.__all__)
def test_every_public_name_is_there(name):
    assert getattr(rb, name) is not None
    assert name in dir(rb)


def test_an_unknown_name_suggests():
    with pytest.raises(AttributeError, match=r"no attribute 'Modell'; did you mean rheobase.Model"):
        _ = rb.Modell
    with pytest.raises(AttributeError, match=r"^module 'rheobase' has no attribute '__wrapped__'$"):
        _ = rb.__wrapped__


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_import_and_description_need_neither_numba_nor_sympy():
    done = run(
        "import sys\n"
        "sys.modules['numba'] = sys.modules['llvmlite'] = sys.modules['sympy'] = None\n"
        "import rheobase as rb\n"
        "net = rb.Network(dt='0.1 ms', seed=1)\n"
        "cells = net.add(rb.models.LIF, 3, name='cells')\n"
        "net.inject(cells, rb.stimuli.step('500 pA'))\n"
        "print(net.run('50 ms', backend='interpreter').spikes['cells'].count > 0)\n"
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_importing_loads_nothing_heavy():
    done = run(
        "import sys, rheobase\n"
        "heavy = {'numpy', 'numba', 'scipy', 'matplotlib', 'pint', 'xarray', 'h5py', 'sympy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert done.stdout == "[]\n"
