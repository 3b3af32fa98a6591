import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from rheobase.errors import FileFormatError
from rheobase.nn.idx import read_idx

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array):
    """The bytes of an IDX file, after the description of the format."""
    kind = CODES[array.dtype.str[1:]]
    head = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@given(st.sampled_from(sorted(CODES)).flatmap(lambda k: arrays(k, array_shapes(max_dims=4))))
def test_what_was_written_is_read(tmp_path_factory, array):
    file = tmp_path_factory.mktemp("idx") / "array"
    file.write_bytes(idx(array))
    np.testing.assert_array_equal(read_idx(file), array)
    file.write_bytes(gzip.compress(idx(array)))
    back = read_idx(file)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype and back.dtype.isnative


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "is no IDX file"),
        (b"PK\3\4....", "given: bytes 80 75 3 4"),
        (bytes([0, 0, 10, 1]), "is no IDX file"),
        (bytes([0, 0, 8, 0]), "expected: 1 to 8 dimensions\ngiven: 0"),
        (bytes([0, 0, 8, 1, 0, 0]), "shorter than it says: was it copied whole?"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 3, 1]), "expected: 3 bytes for an array of 3\ngiven: 1 bytes"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 1]), "longer than it says"),
    ],
)  # fmt: skip
def test_what_is_no_idx_file_is_refused(tmp_path, content, says):
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        read_idx(file)
    assert says in str(caught.value) and str(file) in str(caught.value)


def test_a_file_that_is_not_there_or_was_cut_is_told(tmp_path):
    with pytest.raises(FileFormatError, match=r"cannot read .*nothing"):
        read_idx(tmp_path / "nothing")
    (tmp_path / "cut").write_bytes(gzip.compress(idx(np.arange(10000.0)))[:200])
    with pytest.raises(FileFormatError, match=r"cannot read .*cut"):
        read_idx(tmp_path / "cut")
