"""Values of parameters: what an error says of them."""

import pytest

import rheobase as rb


def test_the_line_to_paste_keeps_the_digits():
    with pytest.raises(rb.errors.UnitError, match=r"write phi=0\.0666666666667\*1/ms"):
        rb.models.MorrisLecar(phi=1 / 15)
