"""Tied embeddings: one matrix at both ends, with a projection between sizes, in torch and in a stream."""

import copy

import numpy as np
import pytest
import torch

from elman.errors import InputError
from elman.files import write_model
from elman.models import InStep
from elman.stream import Stream

SYMBOLS, LENGTHS = torch.tensor([[3, 8, 0, 1], [5, 5, 2, 0]]), torch.tensor([4, 3])


def model(embedding_size, **options):
    torch.manual_seed(0)
    return InStep(9, 9, "gru", 6, embedding_size=embedding_size, tie_embeddings=True, **options)


@pytest.mark.parametrize("embedding_size", [6, 4])
def test_outputs_are_products_with_the_embedding(embedding_size):
    one = model(embedding_size).double().eval()
    torch.nn.init.normal_(one.readout.bias)
    h, _ = one.read(SYMBOLS, LENGTHS)
    E, P = one.input.embedding.weight, one.readout.projection
    expected = (h if P is None else h @ P.T) @ E.T + one.readout.bias
    torch.testing.assert_close(one(SYMBOLS, LENGTHS)[0], expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(one.train()(SYMBOLS, LENGTHS)[0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("embedding_size", [6, 4])
def test_gradients_reach_the_matrix_from_both_ends(embedding_size):
    one = model(embedding_size).double()
    names = dict(one.named_parameters())
    assert "readout.weight" not in names
    assert ("readout.projection" in names) == (embedding_size != 6)

    def loss(weight):
        own = {**names, "input.embedding.weight": weight}
        y, _ = torch.func.functional_call(one, own, (SYMBOLS, LENGTHS))
        return torch.nn.functional.cross_entropy(y[0], torch.tensor([1, 2, 3, 7]))

    weight = one.input.embedding.weight
    loss(weight).backward()
    direction = torch.randn_like(weight)
    with torch.no_grad():
        difference = (loss(weight + 1e-6 * direction) - loss(weight - 1e-6 * direction)) / 2e-6
    torch.testing.assert_close((weight.grad * direction).sum(), difference, rtol=1e-6, atol=1e-9)
    assert weight.grad[7].abs().max() > 0  # it is written and never read
    assert weight.grad[5].abs().max() > 0


@pytest.mark.parametrize("embedding_size", [6, 4])
def test_a_stream_of_it_and_of_its_file_gives_the_same(embedding_size, tmp_path):
    one = model(embedding_size).eval()
    with torch.no_grad():
        expected = one(SYMBOLS[:1], LENGTHS[:1])[0][0].numpy()
    tensors = {name: value.numpy() for name, value in one.state_dict().items()}
    sizes = {"input_size": 9, "output_size": 9, "hidden_size": 6, "num_layers": 1, "embedding_size": embedding_size}
    about = {"kind": "InStep", "cell": one.recurrent.cell.to_config(), **sizes, "tie_embeddings": True}
    write_model(tmp_path / "m.safetensors", tensors, {"task": "generate", "model": about, "codecs": {}})
    streams = [
        Stream.from_torch(one.recurrent, one.readout, one.input.embedding),
        Stream.load(tmp_path / "m.safetensors"),
    ]
    for stream in streams:
        assert np.array_equal(stream.step_block(SYMBOLS[0].numpy()), expected)


def test_a_copy_is_tied_to_its_own_embedding():
    one = model(4)
    other = copy.deepcopy(one)
    with torch.no_grad():
        other.input.embedding.weight.zero_()
    assert other.readout.weight.abs().max() == 0
    assert one.readout.weight.abs().max() > 0


def test_first_outputs_are_small_and_ends_of_different_symbols_are_refused():
    torch.manual_seed(0)
    wide = InStep(50, 50, "lstm", 256, embedding_size=128, tie_embeddings=True)
    y, _ = wide(torch.randint(0, 50, (4, 20)), torch.full((4,), 20))
    assert y.std() < 0.5
    with pytest.raises(InputError, match="reads 9 symbols and gives 7 outputs"):
        InStep(9, 7, "gru", 6, embedding_size=6, tie_embeddings=True)
    with pytest.raises(InputError, match="reads vectors and gives 9 outputs"):
        InStep(9, 9, "gru", 6, tie_embeddings=True)
