"""Every input that was kept, and edits of it, keep the promise of its target."""

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.fuzz import corpus
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_that_were_kept(name: str) -> None:
    """Each input that a fuzzer kept, because it reaches code of its own, is read as documented."""
    inputs = corpus.read(name)
    assert inputs
    for data in inputs:
        TARGETS[name](data)


def edits(name: str) -> st.SearchStrategy[bytes]:
    """Return a strategy of inputs in which a few places of a kept one are changed."""
    inputs = corpus.read(name)
    parts = st.sampled_from(corpus.words(name) or [b"x"]) | st.binary(max_size=4)
    places = st.tuples(st.floats(0, 1), st.integers(0, 8), parts, st.integers(1, 3))

    def edited(data: bytes, changes: list[tuple[float, int, bytes, int]]) -> bytes:
        for where, length, part, times in changes:
            place = int(where * len(data))
            data = data[:place] + part * times + data[place + length :]
        return data

    return st.builds(edited, st.sampled_from(inputs), st.lists(places, max_size=4))


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
def test_edits_of_inputs_that_were_kept(name: str, data: st.DataObject) -> None:
    """What nobody wrote down is read as documented too: a result, or the documented error."""
    changed = data.draw(edits(name))
    note(repr(changed))
    TARGETS[name](changed)
