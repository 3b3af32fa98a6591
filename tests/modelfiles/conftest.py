"""A small experiment as a model file, changed by the tests line by line."""

from pathlib import Path

import pytest
from tests.modelfiles.small import TEXT

from rheobase.modelfiles.document import Document
from rheobase.modelfiles.experiment import Experiment


@pytest.fixture
def text():
    return TEXT


@pytest.fixture
def experiment(tmp_path):
    """Build the experiment with lines replaced, as the file model.toml."""

    def build(*changes, settings=(), text=TEXT, folder=tmp_path):
        for old, new in changes:
            assert text.count(old) >= 1, old
            text = text.replace(old, new, 1)
        return Experiment(Document(text, "model.toml", Path(folder), settings))

    return build
