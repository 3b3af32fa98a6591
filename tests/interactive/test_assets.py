"""The script and the styles are in the package, and only they are allowed."""

import base64
import hashlib
import re

from rheobase.interactive import assets


def test_what_a_page_allows_itself():
    rules = assets.policy(["a {}"], ["1", "2"])
    digest = base64.b64encode(hashlib.sha256(b"a {}").digest()).decode()
    assert f"style-src 'sha256-{digest}'" in rules
    assert "default-src 'none'" in rules and rules.count("sha256-") == 3
    assert "unsafe" not in rules


def test_the_script_can_stand_in_a_page():
    assert "</" not in assets.SCRIPT and "<!--" not in assets.SCRIPT
    assert "</" not in assets.STYLE
    # No library, no address, nothing made of text at run time.
    addresses = set(re.findall(r"https?://[^\"' ]+", assets.SCRIPT))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of SVG, not a place
    for word in ("eval(", "new Function", "innerHTML", "import(", "fetch(", ".style."):
        assert word not in assets.SCRIPT


def test_every_color_of_the_script_is_in_the_styles():
    for number in range(1, 8):
        assert assets.STYLE.count(f"--rb-{number}:") == 3  # light, dark, dark by choice
