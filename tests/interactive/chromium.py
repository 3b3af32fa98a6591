"""A page as Chromium shows it: a script of the test moves what is in it and reads it."""

import html
import json
import re
import shutil
import subprocess

import pytest

from rheobase.interactive import assets

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium on this machine: pages are not looked at"
)

HARNESS = """
addEventListener("load", async () => {
  const found = {errors: []}, wait = (ms) => new Promise((done) => setTimeout(done, ms));
  addEventListener("error", (event) => found.errors.push(event.message));
  addEventListener("securitypolicyviolation", (event) => found.errors.push(event.blockedURI));
  try {
    STEPS
  } catch (error) { found.errors.push(String(error.stack)); }
  const out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify(found);
  document.body.append(out);
});
"""


def show(page, folder, steps, size="1000,900", options=()):
    """Return what the script of the test found in a page.

    The page keeps its rules (nothing is loaded, no other script runs); that script is one more
    that it allows.
    """
    script = HARNESS.replace("STEPS", steps)
    _, allowed = assets.policy([], [script]).split("script-src ")
    assert "script-src " in page
    page = page.replace("script-src ", f"script-src {allowed.split(';')[0]} ", 1)
    page = page.replace("</body>", f"<script>{script}</script></body>")
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-background-networking", f"--user-data-dir={folder / 'profile'}",
        f"--window-size={size}", "--virtual-time-budget=8000", *options, "--dump-dom",
        path.as_uri(),
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    match = re.search(r'<pre id="found">(.*?)</pre>', said.stdout, re.DOTALL)
    assert match, said.stderr[-2000:]
    found = json.loads(html.unescape(match[1]))
    assert found["errors"] == [], found["errors"]
    return found
