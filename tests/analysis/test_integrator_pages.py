"""Every integrator has a page of theory that says what the registry says."""

import pytest
from pages import ROOT

from rheobase.lowering.integrators import METHODS

THEORY = ROOT / "docs" / "theory"


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_method_has_a_page(method):
    page = THEORY / "integrators" / f"{method.name}.md"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# `{method.name}`")
    for heading in (
        "## Derivation",
        "## Stability",
        "noise",
        "## When `auto` takes it",
        "## Measured",
    ):
        assert heading in text
    if method.noise == "none" and method.order is not None:
        assert f"**order {method.order}**" in text
    if method.strong_order is not None:
        assert f"strong\norder {method.strong_order:g}" in text.replace("*", "") or (
            f"strong order {method.strong_order:g}" in text.replace("*", "")
        )
    index = (THEORY / "integrators.md").read_text(encoding="utf-8")
    assert f"[`{method.name}`](integrators/{method.name}.md)" in index
    assert f"\nintegrators/{method.name}\n" in index


def test_there_is_no_page_of_another_method():
    found = {page.stem for page in (THEORY / "integrators").glob("*.md")}
    assert found == set(METHODS)
