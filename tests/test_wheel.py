"""The wheel installs and runs outside the checkout."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = """
import rheobase as rb
net = rb.Network(dt="0.1 ms", seed=1)
cells = net.add(rb.models.LIF, 5, name="cells")
net.inject(cells, rb.stimuli.step("500 pA"))
print(rb.__file__, net.run("50 ms").spikes["cells"].count > 0)
"""


def test_the_wheel_runs_outside_the_checkout(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    alone = ["--quiet", "--no-deps", "--no-index"]
    build = [*pip, "wheel", *alone, "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("rheobase-*.whl")
    target = tmp_path / "site"
    subprocess.run([*pip, "install", *alone, "--target", str(target), str(wheel)], check=True)

    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(target / "rheobase" / "__init__.py"), "True"]
    assert (target / "rheobase" / "py.typed").exists()
