import numpy as np
import pytest

from rheobase import nn
from rheobase.errors import UnknownNameError, UserError

# Short trainings with small rates end no better than guessing, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::rheobase.errors.RheobaseWarning")


@pytest.fixture(scope="module")
def few():
    images = nn.datasets.digits(dtype=np.float32)
    return nn.datasets.Images(images.train[:300], images.test[:100])


@pytest.fixture(scope="module")
def study(few):
    return nn.studies.compare(
        few, ["mlp_1", "mlp_2"], seeds=[0, 1], epochs=6, batch_size=20, every=4,
        optimizer=nn.Adam(0.01),
    )  # fmt: skip


def test_networks_learn_and_differ_by_seed(study):
    assert study.accuracy("mlp_1") > 0.7
    first, second = study["mlp_1"]
    assert (first.seed, second.seed) == (0, 1)
    assert not np.array_equal(first.net.vector, second.net.vector)


def test_a_curve_has_a_point_every_few_batches(study):
    epochs, loss = study.curve("mlp_1")
    assert loss.shape == (2, 18)  # 240 of 300 images: 12 batches an epoch, an entry every 4
    np.testing.assert_allclose(epochs, np.arange(1, 19) / 3)
    assert loss[0, -1] < 0.6 * loss[0, 0]
    np.testing.assert_array_equal(loss[1], study["mlp_1"][1].history.loss)
    epochs, accuracy = study.curve("mlp_2", "validation_accuracy")
    np.testing.assert_array_equal(epochs, [1, 2, 3, 4, 5, 6])
    assert accuracy.shape == (2, 6)


def test_the_first_gradient_is_that_of_the_first_layer_with_weights(study):
    _, sizes = study.curve("mlp_1", "first_gradient")
    np.testing.assert_array_equal(sizes[0], study["mlp_1"][0].history.gradient_size[:, 1])


def test_the_table(study):
    head, columns, *rows = str(study).splitlines()
    assert head == "digits: 300 images to learn from, 100 to test with"
    assert columns.split() == ["parameters", "test", "accuracy", "last", "loss", "seconds"]
    assert [row.split()[:2] for row in rows] == [["mlp_1", "2,410"], ["mlp_2", "4,778"]]
    assert " ± " in rows[0]


def test_curves_are_drawn_with_their_names(study, drawn):
    ax = study.plot("loss", ["mlp_2"])
    (curve,) = drawn(ax, "curve")
    np.testing.assert_allclose(curve.get_ydata(), study.curve("mlp_2")[1].mean(axis=0))
    ax = study.plot("first_gradient")
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "mean |gradient|, first layer"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["mlp_1", "mlp_2"]


def test_a_study_again_has_the_same_bits(few, study):
    again = nn.studies.compare(few, ["mlp_1"], seeds=[1], epochs=6, batch_size=20,
                               optimizer=nn.Adam(0.01), threads=1)  # fmt: skip
    np.testing.assert_array_equal(again["mlp_1"][0].net.vector, study["mlp_1"][1].net.vector)


def test_sigmoid_gets_a_smaller_gradient_than_relu(few):
    study = nn.studies.activations(few, architectures=["mlp_2"], epochs=2)
    assert list(study.runs) == ["mlp_2 relu", "mlp_2 sigmoid"]
    relu, sigmoid = (study.curve(name, "first_gradient")[1].mean() for name in study.runs)
    assert sigmoid < 0.5 * relu


def test_three_learning_rates_and_a_switch(few):
    study = nn.studies.learning_rates(few, (0.1, 0.001), {3: 0.01}, "mlp_1", epochs=4)
    assert list(study.runs) == ["0.1", "0.001", "0.1, then 0.01"]
    rates = study["0.1, then 0.01"][0].history.rate
    assert rates[0] == 0.1 and rates[-1] == 0.01
    assert study.curve("0.1")[1][0, -1] < study.curve("0.001")[1][0, -1]


def test_what_is_not_there_is_told(few, study):
    with pytest.raises(UnknownNameError) as caught:
        nn.studies.compare(few, ["cnn_6"])
    assert str(caught.value) == (
        "there is no network 'cnn_6' here; did you mean 'cnn_5'?\n"
        "expected: mlp_1, mlp_2, cnn_3, cnn_4, cnn_5"
    )
    with pytest.raises(UnknownNameError, match="there is no network 'cnn_3' here"):
        study["cnn_3"]
    with pytest.raises(UserError, match="share is the part of the images that is trained on"):
        nn.studies.compare(few, ["mlp_1"], share=1.5)
    with pytest.raises(UserError, match=r"a study needs a seed\ngiven: seeds=\[\]"):
        nn.studies.compare(few, ["mlp_1"], seeds=[])
