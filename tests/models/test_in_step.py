"""In step: an output from every hidden state, and a state that carries from piece to piece."""

import pytest
import torch

from elman.equations import CELLS
from elman.models import InStep


def small(cell: str, **options: object) -> InStep:
    torch.manual_seed(0)
    sizes: dict[str, object] = {"num_layers": 2, **options}
    return InStep(3, 2, cell, 5, **sizes).double().eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_pieces_with_a_carried_state_are_the_whole(cell: str) -> None:
    model, x = small(cell), torch.randn(2, 7, 3, dtype=torch.float64)
    lengths = torch.tensor([7, 4])
    whole, last = model(x, lengths)
    state, pieces = None, []
    for start, stop in ((0, 3), (3, 4), (4, 7)):
        y, state = model(x[:, start:stop], (lengths - start).clamp(0, stop - start), state)
        pieces.append(y)
    found = torch.cat(pieces, 1)
    torch.testing.assert_close(found[0], whole[0], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(found[1, :4], whole[1, :4], rtol=1e-10, atol=1e-12)
    assert state is not None
    for name in last.names:
        torch.testing.assert_close(state[name], last[name], rtol=1e-10, atol=1e-12)


def test_outputs_are_the_readout_of_the_states() -> None:
    model, x = small("gru", bidirectional=True), torch.randn(2, 4, 3, dtype=torch.float64)
    h, _ = model.recurrent(x, lengths=[4, 2])
    y, _ = model(x, torch.tensor([4, 2]))
    expected = h @ model.readout.weight.T + model.readout.bias
    torch.testing.assert_close(y, expected)


def test_symbols_and_an_empty_batch_of_steps() -> None:
    model = InStep(9, 2, "elman", 5, embedding_size=4)
    y, state = model(torch.tensor([[3, 8, 0]]), torch.tensor([2]))
    assert y.shape == (1, 3, 2)
    y, same = model(torch.zeros(1, 0, dtype=torch.int64), torch.tensor([0]), state)
    assert y.shape == (1, 0, 2)
    torch.testing.assert_close(same["h"], state["h"])
