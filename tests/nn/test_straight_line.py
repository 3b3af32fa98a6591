"""Lists of operations: equal parts once, and floats of one width."""

import numpy as np

from rheobase import nn
from rheobase.nn.straight_line import FLOATS, evaluate, operations


def test_equal_parts_stand_in_the_list_once():
    program = operations(nn.Activation("exp(x)/(1 + exp(x)**2) + exp(x)").expression, "x")
    assert [line.operation for line in program.lines].count("exp") == 1
    assert program.growing
    for steady in ("1/(1 + abs(x))", "exp(-x**2)", "exp(minimum(x, 0))", "tanh(x)*x**3"):
        assert not operations(nn.Activation(steady).expression, "x").growing, steady


def test_floats_of_one_width():
    program = operations(nn.gelu.expression, "x")
    assert program(np.ones(2, np.float32), FLOATS).dtype == np.float32


def test_what_is_evaluated_has_the_shape_of_x_and_may_be_written_to():
    constant = operations(nn.linear.slope, "x")
    y = evaluate(constant, np.zeros((2, 3)))
    y[0, 0] = 7
    assert y.sum() == 12
    assert evaluate(constant, np.zeros((0, 3))).shape == (0, 3)
