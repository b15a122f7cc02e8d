"""Words by their characters: each distinct word alone through a recurrent network, both ways."""

import pytest
import torch

from elman import codecs
from elman.models import InStep
from elman.models.inputs import SequenceInput
from elman.models.spelling import END, Spelling


def test_the_end_is_that_of_the_codecs() -> None:
    assert END == codecs.END


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
def test_each_word_is_read_alone_from_both_ends(cell: str) -> None:
    torch.manual_seed(0)
    spelling = Spelling(9, cell, 6).double()
    characters = torch.tensor([[[3, 4, 5], [4, END, END]], [[3, 4, 5], [8, 0, END]]])  # 0: one never seen
    found = spelling(characters)
    assert found.shape == (2, 2, 6)
    for word, vector in zip(characters.flatten(0, 1), found.flatten(0, 1), strict=True):
        one = spelling.embedding(word[word != END]).unsqueeze(0)
        outputs, _ = spelling.recurrent(one)  # (1, T, 2 * 3)
        torch.testing.assert_close(vector, torch.cat([outputs[0, -1, :3], outputs[0, 0, 3:]]))


def test_words_stand_beside_their_spelling_and_are_dropped_without_it() -> None:
    torch.manual_seed(0)
    end = SequenceInput(5, 3, dropout=0.0, symbol_dropout=0.5, spelling=Spelling(9, "elman", 4))
    assert end.embedding is not None
    assert end.spelling is not None
    assert end.output_size == 7
    words = torch.tensor([4, 3, END]).expand(10, 20, 3)
    found = end(words)
    assert 0.3 < (found[..., :3] == end.embedding.weight[0]).all(-1).float().mean() < 0.7
    assert (found[..., 3:] == end.spelling(words[0, :1, 1:])).all()


def test_nothing_to_read() -> None:
    model = InStep(5, 2, "gru", 4, embedding_size=3, num_characters=9, spelling_size=4)
    outputs, _ = model(torch.zeros(2, 0, 4, dtype=torch.int64), torch.tensor([0, 0]))
    assert outputs.shape == (2, 0, 2)
    padded, _ = model(torch.zeros(1, 2, 4, dtype=torch.int64), torch.tensor([0]))
    assert padded.shape == (1, 2, 2)
