"""The compiled kernels against the reference: sizes, layouts, what wants a gradient, what goes wrong; every cell."""

from typing import NamedTuple

import pytest
import torch
from cases import EVERY, SMOOTH, build, close, forced, masks_of, randn, states
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils._pytree import tree_map
from torch.utils.checkpoint import checkpoint

from elman.kernels.target import host

pytestmark = [
    pytest.mark.skipif(not host().has_fma, reason="kernels need fma"),
    pytest.mark.usefixtures("poisoned_memory"),
]
every_cell = pytest.mark.parametrize("name", EVERY)
every_smooth_cell = pytest.mark.parametrize("name", SMOOTH)


class Shape(NamedTuple):
    T: int
    B: int
    I: int  # noqa: E741
    H: int
    L: int = 1
    bidirectional: bool = False
    lengths: tuple[int, ...] | None = None
    bias: bool = True


SHAPES = [
    Shape(1, 1, 1, 1),
    Shape(3, 2, 1, 3, 2, True, (0, 3)),
    Shape(2, 3, 5, 15, bias=False),
    Shape(4, 7, 16, 16, lengths=(4, 0, 1, 3, 4, 2, 0)),
    Shape(5, 5, 17, 17, 2),
    Shape(3, 4, 8, 31, bidirectional=True),
    Shape(2, 1, 33, 33),
    Shape(4, 6, 3, 63, 2, True, (1, 4, 2, 2, 0, 3)),
    Shape(1, 9, 64, 64),
    Shape(7, 13, 65, 65),
    Shape(60, 21, 9, 24, bidirectional=True, lengths=tuple((13 * b) % 61 for b in range(21))),  # blocks of time
    Shape(300, 1, 2, 5),
    Shape(3, 200, 2, 5),
    Shape(2, 3, 4, 6, lengths=(0, 0, 0)),
]


class Inputs(NamedTuple):
    layer: torch.nn.Module
    x: torch.Tensor
    hx: tuple[torch.Tensor, ...]
    lengths: tuple[int, ...] | None
    masks: dict | None

    def leaves(self):
        return [self.x, *self.hx, *self.layer.parameters()]


def draw(name, shape, dtype, seed=0):
    """A layer with all its inputs, in which every number is drawn."""
    T, B, I, H, L, bidirectional, lengths, bias = shape  # noqa: E741
    layer = build(name, I, H, L, bias, bidirectional=bidirectional, return_states=True, dtype=dtype, seed=seed)
    LD = L * (1 + bidirectional)
    hx = [randn(LD, B, H, seed=seed + k, dtype=dtype, requires_grad=True) for k in range(len(layer.cell.state))]
    x = randn(T, B, I, seed=seed + 5, dtype=dtype, requires_grad=True)
    return Inputs(layer, x, tuple(hx), lengths, masks_of(layer, B, T if seed % 2 else None))


def forward(inputs):
    """Everything that a call gives."""
    output, state, every = inputs.layer(*inputs[1:])
    return [output, *states(state), *every.values()]


def gradients(results, leaves, used=None):
    """Of a sum of results with random weights; of all results, or of those that are used."""
    chosen = [(k, one) for k, one in enumerate(results) if used is None or k in used]
    loss = sum((one * randn(*one.shape, seed=20 + k, dtype=one.dtype)).sum() for k, one in chosen)
    found = torch.autograd.grad(loss, leaves, allow_unused=True, retain_graph=True)
    return [torch.zeros_like(one) if g is None else g for g, one in zip(found, leaves, strict=True)]


def by(path, inputs, used=None):
    with forced(path):
        results = forward(inputs)
    return [*results, *gradients(results, inputs.leaves(), used)]


def equal(ours, wanted):
    assert len(ours) == len(wanted)
    return all(torch.equal(one, other) for one, other in zip(ours, wanted, strict=True))


@every_cell
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_reference_gives_the_same_in_double_precision(name, shape):
    if name == "logarithmic" and shape.T > 10:
        pytest.skip("log at 0 makes of two roundings two results in a few steps")
    for seed in (0, 1):
        inputs = draw(name, shape, torch.float64, seed)
        for ours, wanted in zip(by("kernel", inputs), by("reference", inputs), strict=True):
            assert close(ours, wanted)


@every_smooth_cell
def test_single_precision_errs_no_more_than_the_reference_in_single_precision(name):
    for seed, shape in enumerate(SHAPES):
        inputs, exact = draw(name, shape, torch.float32, seed), draw(name, shape, torch.float64, seed)
        with torch.no_grad():
            for k, parameter in inputs.layer.named_parameters():
                if "weight_hh" in k:  # the network shall not be chaotic, and multiply every rounding
                    parameter.mul_(min(1, 2 / shape.H**0.5))
            for one, other in zip(exact.leaves(), inputs.leaves(), strict=True):
                one.copy_(other)
        truths = by("reference", exact)
        of_all = max(one.abs().max() for one in truths[-len(exact.leaves()) :] if one.numel())
        for ours, reference, truth in zip(by("kernel", inputs), by("reference", inputs), truths, strict=True):
            assert ours.dtype == torch.float32
            if truth.numel():
                # The gradient of one number for all units is a sum that may be near 0 where what is summed is not.
                largest = truth.abs().max() if truth.numel() > 1 else of_all
                error, theirs = ((one - truth).abs().max() for one in (ours, reference))
                assert error <= 2 * theirs + 1e-6 * largest + 1e-12


@settings(max_examples=300 if settings.default.max_examples < 500 else 2000)
@given(
    name=st.sampled_from(sorted(SMOOTH)),
    shape=st.builds(
        Shape,
        *(st.integers(1, n) for n in (6, 9, 20, 40, 3)),
        bidirectional=st.booleans(),
        lengths=st.none(),
        bias=st.booleans(),
    ),
    ragged=st.booleans(),
    seed=st.integers(0, 2**20),
)
def test_any_case_is_the_reference_s(name, shape, ragged, seed):
    if ragged:
        generator = torch.Generator().manual_seed(seed)
        shape = shape._replace(lengths=torch.randint(0, shape.T + 1, (shape.B,), generator=generator).tolist())
    inputs = draw(name, shape, torch.float64, seed)
    for ours, wanted in zip(by("kernel", inputs), by("reference", inputs), strict=True):
        assert close(ours, wanted)


SMALL = Shape(5, 3, 4, 7, 2, True, (5, 0, 3))


@every_cell
@pytest.mark.parametrize("wanted", ["x", "weights", "states", "one state", "one bias", "one weight", "number"])
def test_only_what_wants_a_gradient_gets_one(name, wanted):
    inputs = draw(name, SMALL, torch.float64)
    everything = by("kernel", inputs)[-len(inputs.leaves()) :]
    named = dict(inputs.layer.named_parameters())
    numbers = [one for k, one in named.items() if k.startswith(tuple(inputs.layer.cell.parameters) or "none")]
    chosen = {
        "x": [inputs.x],
        "weights": list(named.values()),
        "states": list(inputs.hx),
        "one state": [inputs.hx[-1]],
        "one bias": [named["bias_ih_l1"]],
        "one weight": [named["weight_hh_l0_reverse"]],
        "number": numbers[1:2],
    }[wanted]
    if not chosen:
        return
    for one in inputs.leaves():
        one.requires_grad_(any(one is other for other in chosen))
    results = forward(inputs)
    found = gradients(results, chosen)
    for one, truth in zip(inputs.leaves(), everything, strict=True):
        for k, other in enumerate(chosen):
            assert one is not other or torch.equal(found[k], truth)


@every_cell
def test_only_some_results_used(name):
    inputs = draw(name, SMALL, torch.float64)
    count = 1 + 2 * len(inputs.hx)
    for used in (*([k] for k in range(count)), [0, count - 1], [1, count - 1]):
        for ours, wanted in zip(by("kernel", inputs, used), by("reference", inputs, used), strict=True):
            assert close(ours, wanted)


OPTIONS = [
    {"dropout": 0.5},
    {"dropout": 1.0},
    {"dropout": 0.3, "checkpoint": 2},
    {"batch_first": True},
    {"train_initial_state": True},
    {"single_bias": True},
    {"return_states": True, "packed": True},
    {"bias": False, "packed": True, "checkpoint": 2},
]


@every_cell
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_reach_the_kernels(name, options):
    options, found = dict(options), []
    if options.get("single_bias") and EVERY[name].split:
        return
    is_packed, lengths = options.pop("packed", False), torch.tensor([5, 4, 5, 1])
    layer = build(name, 3, 6, 3, bidirectional=True, dtype=torch.float64, **options)
    first = layer.batch_first
    x = randn(*((4, 5) if first else (5, 4)), 3, dtype=torch.float64, requires_grad=True)
    for path in ("kernel", "reference"):
        torch.manual_seed(0)
        with forced(path):
            given = pack_padded_sequence(x, lengths, first, enforce_sorted=False) if is_packed else x
            output, state, *every = layer(given, None, None if is_packed else lengths, masks_of(layer, 4))
        results = [
            output.data if is_packed else output,
            *states(state),
            *(one for more in every for one in more.values()),
        ]
        found.append([*results, *gradients(results, [x, *layer.parameters()])])
    assert all(close(ours, wanted) for ours, wanted in zip(*found, strict=True))


def spread(one):
    """The same numbers, apart from each other in memory."""
    return one.new_full((*one.shape[:-1], 2 * one.shape[-1] + 1), torch.nan)[..., 1::2].copy_(one)


def turned(one):
    """The same numbers, the last dimension's farthest apart."""
    return one.transpose(0, -1).clone(memory_format=torch.contiguous_format).transpose(0, -1)


def expanded(one):
    """Numbers of the first row only, repeated without being in memory."""
    return one[..., :1, :].expand_as(one) if one.dim() > 1 else one[:1].expand_as(one)


def last_expanded(one):
    return one[..., :1].expand_as(one)


def with_negative_bit(one):
    return torch._neg_view(-one)


@every_cell
@pytest.mark.parametrize("layout", [spread, turned, expanded, last_expanded, with_negative_bit])
@pytest.mark.parametrize("shape", [SMALL, Shape(4, 3, 1, 1)], ids=str)
def test_tensors_in_any_layout(name, layout, shape):
    plain = draw(name, shape, torch.float64, seed=1)
    parameters = {k: layout(one.detach()) for k, one in plain.layer.named_parameters()}
    x, hx = layout(plain.x.detach()), tuple(layout(one.detach()) for one in plain.hx)
    masks = plain.masks and {k: layout(one) for k, one in plain.masks.items()}

    def run(copied):
        def leaf(one):
            one = one.detach()
            return (one.resolve_neg().clone(memory_format=torch.contiguous_format) if copied else one).requires_grad_()

        leaves = [leaf(x), *map(leaf, hx), *map(leaf, parameters.values())]
        weights = dict(zip(parameters, leaves[1 + len(hx) :], strict=True))
        given_masks = masks and {k: leaf(one).detach() for k, one in masks.items()}
        arguments = (leaves[0], tuple(leaves[1 : 1 + len(hx)]), plain.lengths, given_masks)
        output, state, every = torch.func.functional_call(plain.layer, weights, arguments)
        results = [output, *states(state), *every.values()]
        outside = [layout(randn(*one.shape, seed=k, dtype=one.dtype)) for k, one in enumerate(results)]
        outside = [leaf(one).detach() for one in outside]
        return [*results, *torch.autograd.grad(results, leaves, outside)]

    assert equal(run(copied=False), run(copied=True))


@every_cell
@pytest.mark.parametrize("H", [3, 8])
def test_nan_and_infinities_go_where_the_reference_lets_them(name, H):
    for seed, value in enumerate((torch.nan, torch.inf, -torch.inf, 1e38)):
        for place in range(1 + len(EVERY[name].state)):
            inputs = draw(name, Shape(4, 3, 3, H, lengths=(4, 2, 3)), torch.float32, seed)
            with torch.no_grad():
                clean, clean_x = forward(inputs), gradients_of_x(inputs)
                [inputs.x[1], *(one[0] for one in inputs.hx)][place][0, seed % 3] = value
                with forced("reference"):
                    wanted = forward(inputs)
                found, found_x = forward(inputs), gradients_of_x(inputs)
            for ours, truth, before in zip(found, wanted, clean, strict=True):
                torch.testing.assert_close(ours, truth, rtol=1e-4, atol=1e-5, equal_nan=True)
                assert torch.equal(ours[..., 1:, :], before[..., 1:, :])  # other rows
            assert torch.equal(found_x[:, 1:], clean_x[:, 1:])


def gradients_of_x(inputs):
    with torch.enable_grad():
        return torch.autograd.grad(forward(inputs)[0].sum(), inputs.x)[0]


@every_cell
def test_saved_tensors_that_were_changed_are_noticed(name):
    inputs = draw(name, SMALL, torch.float32)
    tensors = {"x": inputs.x, "h_0": inputs.hx[-1], "weight": inputs.layer.weight_hh_l1}
    tensors |= {"bias": inputs.layer.bias_ih_l0_reverse, **(inputs.masks or {})}
    for what in (*tensors, "output"):
        results = forward(inputs)
        with torch.no_grad():
            (results[0] if what == "output" else tensors[what]).mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            gradients(results[1:], inputs.leaves())


class Wrapped(torch.Tensor):
    """As tensors shared by machines are, or quantised ones: other tensors behind it, and no memory of its own."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, strides=inner.stride())

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        unwrapped = tree_map(lambda one: one.inner if isinstance(one, cls) else one, (args, kwargs or {}))
        return tree_map(
            lambda one: cls(one) if isinstance(one, torch.Tensor) else one, function(*unwrapped[0], **unwrapped[1])
        )


@every_cell
def test_tensors_without_memory_of_their_own(name):
    inputs = draw(name, SMALL._replace(lengths=None), torch.float32)
    wanted = forward(inputs)
    for k in range(2 + len(inputs.hx)):
        x, *hx = [Wrapped(one.detach()) if j == k else one for j, one in enumerate((inputs.x, *inputs.hx))]
        masks = inputs.masks
        if k == 1 + len(inputs.hx):
            masks = masks and {one: Wrapped(mask) for one, mask in masks.items()}
        for ours, truth in zip(forward(inputs._replace(x=x, hx=tuple(hx), masks=masks)), wanted, strict=True):
            assert close(ours.inner if isinstance(ours, Wrapped) else ours, truth, 1e-5)
    zero = torch._efficientzerotensor(*inputs.x.shape)
    ours = forward(inputs._replace(x=zero))
    assert all(
        close(one, truth, 1e-5)
        for one, truth in zip(ours, forward(inputs._replace(x=torch.zeros(zero.shape))), strict=True)
    )
    (gradient,) = torch.autograd.grad(wanted[0], inputs.x, torch._efficientzerotensor(*wanted[0].shape))
    assert gradient.abs().max() == 0
    inputs.layer.weight_hh_l1.untyped_storage().resize_(0)  # as FSDP frees weights that it gathers again
    with pytest.raises(RuntimeError, match=r"storage|memory"):
        forward(inputs)


@every_cell
def test_lengths_changed_after_the_call_change_nothing(name):
    inputs, lengths = draw(name, SMALL, torch.float64), torch.tensor(SMALL.lengths)
    results = forward(inputs._replace(lengths=lengths))
    wanted = gradients(results, inputs.leaves())
    lengths.fill_(5)
    assert equal(gradients(results, inputs.leaves()), wanted)
    loss = sum((one * randn(*one.shape, seed=20 + k, dtype=one.dtype)).sum() for k, one in enumerate(results))
    for ours, truth in zip(torch.autograd.grad(loss, inputs.leaves(), create_graph=True), wanted, strict=True):
        assert close(ours, truth)


@every_cell
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_with_activation_checkpointing(name, use_reentrant):
    inputs = draw(name, SMALL, torch.float32)

    def run(function, *arguments, **options):
        inputs.layer.zero_grad()
        inputs.x.grad = None
        output = function(inputs.layer, inputs.x, *arguments, **options)[0]
        output.square().sum().backward()
        return [inputs.x.grad, *(one.grad.clone() for one in inputs.layer.parameters())]

    rest = (inputs.hx, inputs.lengths, inputs.masks)
    wanted = run(lambda layer, *arguments: layer(*arguments), *rest)
    assert equal(run(checkpoint, *rest, use_reentrant=use_reentrant), wanted)


@every_cell
def test_saved_tensors_that_come_back_in_other_layouts(name):
    inputs = draw(name, SMALL, torch.float64)
    wanted = by("kernel", inputs)
    with torch.autograd.graph.saved_tensors_hooks(lambda one: one, turned):
        results = forward(inputs)
    assert equal([*results, *gradients(results, inputs.leaves())], wanted)


@every_smooth_cell
def test_one_tensor_in_two_places_has_both_gradients(name):
    """Tied weights, and one start for all states; also where the gradients are differentiated again."""
    found = []
    for path in ("kernel", "reference"):
        layer = build(name, 4, 4, 2, dtype=torch.float64)
        layer.weight_hh_l1 = layer.weight_ih_l1 = layer.weight_hh_l0
        h = randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
        x = randn(5, 3, 4, seed=1, dtype=torch.float64)
        with forced(path):
            output, _ = layer(x, (h,) * len(layer.cell.state), masks=masks_of(layer, 3))
            leaves = [h, layer.weight_hh_l0]
            once = torch.autograd.grad(output.square().sum(), leaves, create_graph=True)
            twice = torch.autograd.grad(sum(one.square().sum() for one in once), leaves)
            plain = torch.autograd.grad(
                layer(x, (h,) * len(layer.cell.state), masks=masks_of(layer, 3))[0].sum(), leaves
            )
        found.append([*once, *twice, *plain])
    assert all(close(ours, wanted) for ours, wanted in zip(*found, strict=True))


@every_smooth_cell
def test_many_gradients_in_one_go(name):
    inputs = draw(name, SMALL, torch.float64)
    output, outside = forward(inputs)[0], randn(4, 5, 3, 14, seed=3, dtype=torch.float64)
    leaves = inputs.leaves()
    batched = torch.autograd.grad(output, leaves, outside, is_grads_batched=True, retain_graph=True)
    for k, one in enumerate(outside):
        alone = torch.autograd.grad(output, leaves, one, retain_graph=True)
        assert all(close(many[k], single) for many, single in zip(batched, alone, strict=True))


LONG = Shape(150, 20, 3, 6, 2, True, tuple((37 * b) % 151 for b in range(20)))  # several blocks of gradients
CHECKPOINTS = [({"checkpoint": 1}, 1), ({"checkpoint": True}, 2), ({"memory_budget": 60_000}, 2)]


def kept_bytes(inputs):
    """What the graph of a call keeps beside the inputs."""
    sizes = {}

    def note(one):
        sizes[one.untyped_storage().data_ptr()] = one.untyped_storage().nbytes()
        return one

    with torch.autograd.graph.saved_tensors_hooks(note, lambda one: one):
        results = forward(inputs)
    return sum(sizes.values()), results


@every_cell
@pytest.mark.parametrize(("dtype", "lengths"), [(torch.float32, LONG.lengths), (torch.float64, None)])
def test_checkpoints_in_time_change_no_bit(name, dtype, lengths):
    inputs = draw(name, LONG._replace(lengths=lengths), dtype, seed=1)
    most, results = kept_bytes(inputs)
    wanted = [*results, *gradients(results, inputs.leaves())]
    for options, threads in CHECKPOINTS:
        vars(inputs.layer).update({"checkpoint": None, "memory_budget": None, **options})
        torch.set_num_threads(threads)
        try:
            kept, results = kept_bytes(inputs)
            assert equal([*results, *gradients(results, inputs.leaves())], wanted), options
        finally:
            torch.set_num_threads(1)
        assert kept < most or name.startswith("elman"), options  # which keep nothing but h
    assert equal(gradients(results, inputs.leaves()), wanted[len(results) :])  # the same graph again
