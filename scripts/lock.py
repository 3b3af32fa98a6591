"""Write requirements-lock.txt: every package, with what it needs, at one version.

A fresh virtual environment gets the newest versions that pyproject.toml allows;
what pip then lists is the lock. No index is named: pip's own configuration
decides where packages come from.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-lock.txt"
# The newest release brings gigabytes for graphics cards, which nothing here uses. A build for the
# CPU alone has a label after its version ("+cpu"): left out, so that the lock fits any build.
TORCH = "torch==2.13.0"
HEADER = """\
# Every package of the tests, the documentation and the tools, pinned.
# Written by `make lock`; do not edit by hand.
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        scripts = "Scripts" if sys.platform == "win32" else "bin"
        pip = [str(Path(folder, scripts, "python")), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "install", "--quiet", f"{ROOT}[neo,test,docs,dev]", TORCH], check=True
        )
        frozen = subprocess.run(
            [*pip, "freeze", "--exclude", "rheobase"], check=True, capture_output=True, text=True
        ).stdout
    frozen = frozen.replace("+cpu", "")
    LOCK.write_text(HEADER + frozen, encoding="utf-8")
    print(f"{LOCK.name}: {len(frozen.splitlines())} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
