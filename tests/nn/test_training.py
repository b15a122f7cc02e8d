"""Weights that change by every way there is are read anew; layers called from threads and in forked processes."""

import copy
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from cases import EVERY, build, close, forced, masks_of, randn, states
from torch.utils.data import DataLoader, Dataset

import elman
from elman.kernels.target import host

HAS_FORK = "fork" in multiprocessing.get_all_start_methods()
pytestmark = [
    pytest.mark.skipif(not host().has_fma, reason="kernels need fma"),
    # Python 3.12 and later warn of each fork of a process with threads, which is what one of these tests is about.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

OPTIMISERS = {
    "SGD": {"momentum": 0.9},
    "Adam": {},
    "AdamW": {},
    "Adagrad": {},
    "Adadelta": {"lr": 1.0},
    "Adamax": {},
    "ASGD": {},
    "NAdam": {},
    "RAdam": {"lr": 0.1},
    "RMSprop": {},
    "Rprop": {},
    "LBFGS": {"max_iter": 3},
    "Adafactor": {"lr": 0.1},
    "Muon": {},
}
WAYS = {
    "plain": {},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
    "maximize": {"maximize": True},
}


def kinds_of_optimiser():
    """Each that this torch has, with each way that it has for it on a CPU."""
    names = [
        k for k, one in vars(torch.optim).items() if isinstance(one, type) and issubclass(one, torch.optim.Optimizer)
    ]
    for name in sorted(set(names) - {"Optimizer", "SparseAdam"}):
        for way, options in WAYS.items():
            options = {"lr": 0.05, **OPTIMISERS.get(name, {}), **options}
            try:
                getattr(torch.optim, name)([torch.nn.Parameter(torch.ones(2, 2))], **options)
            except (TypeError, ValueError, RuntimeError):
                continue
            yield pytest.param(name, options, id=f"{name}-{way}")


def is_the_reference_s(layer, x, masks):
    """Both modes, since weights that were packed may be used again where there are no gradients."""
    with forced("reference"):
        wanted = layer(x, masks=masks)[0]
    for context in (torch.enable_grad(), torch.no_grad(), torch.inference_mode()):
        with context:
            assert close(layer(x, masks=masks)[0].detach().clone(), wanted.detach())
    return wanted.detach()


@pytest.mark.parametrize(("name", "options"), list(kinds_of_optimiser()))
def test_the_next_forward_has_the_optimiser_s_new_weights(name, options):
    for cell in ("lstm", "rich"):
        layer = build(cell, 3, 5, dtype=torch.float64)
        x, masks, target = randn(6, 4, 3, dtype=torch.float64), masks_of(layer, 4), randn(6, 4, 5, seed=1).double() / 3
        # Muon is for matrices only.
        parameters = [one for one in layer.parameters() if one.dim() == 2 or name != "Muon"]
        optimiser = getattr(torch.optim, name)(parameters, **options)
        losses = []

        def loss(layer=layer, x=x, masks=masks, target=target, optimiser=optimiser, losses=losses):
            optimiser.zero_grad()
            result = (layer(x, masks=masks)[0] - target).square().mean()
            result.backward()
            losses.append(result.item())
            return result

        output = is_the_reference_s(layer, x, masks)
        for _ in range(4):
            if name == "LBFGS":
                optimiser.step(loss)
            else:
                loss()
                optimiser.step()
            before, output = output, is_the_reference_s(layer, x, masks)
            assert (output - before).abs().max() > 1e-7
        rises = options.get("maximize", False)
        assert (losses[-1] > losses[0]) if rises else (losses[-1] < losses[0])


def by_copy(layer, new):
    with torch.no_grad():
        for one, value in zip(layer.parameters(), new, strict=True):
            one.copy_(value)


def by_data(layer, new):
    for one, value in zip(layer.parameters(), new, strict=True):
        one.data.copy_(value)


def by_other_data(layer, new):
    for one, value in zip(layer.parameters(), new, strict=True):
        one.data = value


def by_numpy(layer, new):
    for one, value in zip(layer.parameters(), new, strict=True):
        one.detach().numpy()[...] = value.numpy()


def by_detached(layer, new):
    for one, value in zip(layer.parameters(), new, strict=True):
        one.detach().copy_(value)


def by_storage(layer, new):
    for one, value in zip(layer.parameters(), new, strict=True):
        one.untyped_storage().copy_(value.clone().untyped_storage())


def by_vector(layer, new):
    torch.nn.utils.vector_to_parameters(torch.nn.utils.parameters_to_vector(new), layer.parameters())


def by_state_dict(layer, new):
    layer.load_state_dict(dict(zip(layer.state_dict(), new, strict=True)))


def by_assigned_state_dict(layer, new):
    layer.load_state_dict(dict(zip(layer.state_dict(), new, strict=True)), assign=True)


def by_new_parameters(layer, new):
    for k, value in zip(list(layer.state_dict()), new, strict=True):
        setattr(layer, k, torch.nn.Parameter(value))


def by_foreach(layer, new):
    with torch.no_grad():
        torch._foreach_copy_(list(layer.parameters()), new)


WRITES = [
    by_copy, by_data, by_other_data, by_numpy, by_detached, by_storage, by_vector, by_state_dict,
    by_assigned_state_dict, by_new_parameters, by_foreach,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("name", EVERY)
def test_weights_that_were_written_are_used_by_the_next_call(name, write):
    layer = build(name, 3, 5, 2, dtype=torch.float64)
    x, masks = randn(6, 4, 3, dtype=torch.float64), masks_of(layer, 4)
    before = is_the_reference_s(layer, x, masks)
    for seed in (1, 2):
        new = [one.detach().clone() for one in build(name, 3, 5, 2, dtype=torch.float64, seed=seed).parameters()]
        write(layer, new)
        assert all(torch.equal(one, value) for one, value in zip(layer.parameters(), new, strict=True))
        after = is_the_reference_s(layer, x, masks)
        assert not torch.allclose(after, before)
        before = after


@pytest.mark.parametrize("name", EVERY)
def test_one_number_written_in_the_midst_of_the_weights_is_seen(name):
    layer = build(name, 9, 17, dtype=torch.float64)
    x, masks = randn(3, 4, 9, dtype=torch.float64), masks_of(layer, 4)
    before = is_the_reference_s(layer, x, masks)
    for parameter in layer.parameters():
        flat = parameter.detach().numpy().reshape(-1)
        flat[len(flat) // 2] += 0.5
        after = is_the_reference_s(layer, x, masks)
        assert not torch.equal(after, before)
        before = after


def test_a_training_step_inside_which_the_weights_are_changed_and_set_back():
    """As sharpness-aware minimisation and averages of weights do."""
    layer, average = build("gru", 3, 5, dtype=torch.float64), build("gru", 3, 5, dtype=torch.float64)
    x = randn(6, 4, 3, dtype=torch.float64)
    first = is_the_reference_s(layer, x, None)
    kept = copy.deepcopy(layer.state_dict())
    for parameter in layer.parameters():
        parameter.data.add_(0.1)
    assert not torch.equal(is_the_reference_s(layer, x, None), first)
    layer.load_state_dict(kept)
    assert torch.equal(is_the_reference_s(layer, x, None), first)
    torch._foreach_lerp_([one.data for one in average.parameters()], [one.data * 2 for one in layer.parameters()], 0.5)
    assert not torch.equal(is_the_reference_s(average, x, None), first)


def all_of(layer, x, masks, lengths):
    """A forward and a backward pass; every number of it."""
    x = x.detach().requires_grad_()
    output, state = layer(x, lengths=lengths, masks=masks)
    loss = output.square().sum() + sum(one.sum() for one in states(state))
    return [output, *states(state), *torch.autograd.grad(loss, [x, *layer.parameters()])]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["elman", "lstm", "rich"])
def test_eight_threads_that_call_one_layer_at_once(name, threads):
    """On inputs of different sizes, so that one call's numbers in another's place would show."""
    layer = build(name, 6, 24, 2, bidirectional=True)
    calls = []
    for k in range(8):
        T, B = 3 + 5 * (k % 4), 2 + 4 * (k % 3)
        lengths = None if k % 2 else [(7 * b + k) % (T + 1) for b in range(B)]
        calls.append((layer, randn(T, B, 6, seed=k), masks_of(layer, B), lengths))
    wanted = [all_of(*call) for call in calls]

    def work(k):
        torch.set_num_threads(threads)  # a thread of its own may have its own number
        return [all_of(*calls[(k + turn) % 8]) for turn in range(12)]

    try:
        with ThreadPoolExecutor(8) as executor:
            found = list(executor.map(work, range(8)))
    finally:
        torch.set_num_threads(1)
    for k, results in enumerate(found):
        for turn, result in enumerate(results):
            assert all(torch.equal(one, truth) for one, truth in zip(result, wanted[(k + turn) % 8], strict=True))


class Outputs(Dataset):
    """Items that a layer computes, forward and backward, where the loader's worker is."""

    def __init__(self, layer, threads):
        self.layer, self.threads = layer, threads

    def __len__(self):
        return 6

    def __getitem__(self, number):
        torch.set_num_threads(self.threads)
        x = randn(12, 16, 6, seed=number)
        return torch.cat([one.detach().flatten() for one in all_of(self.layer, x, masks_of(self.layer, 16), None)])


@pytest.mark.skipif(not HAS_FORK, reason="no fork on this system")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["gru", "rich"])
def test_workers_of_a_data_loader_that_run_a_layer(name, threads):
    layer = build(name, 6, 48, 2, bidirectional=True)
    try:
        data = Outputs(layer, threads)
        wanted = [data[k] for k in range(6)]  # the parent's workers are awake when it forks
        loader = DataLoader(data, batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=60)
        for found in (list(loader), list(loader)):
            assert all(torch.equal(one, truth) for one, truth in zip(found, wanted, strict=True))
        assert torch.equal(data[0], wanted[0])  # and the parent goes on
    finally:
        torch.set_num_threads(1)


def test_the_article_s_network_learns_to_count():
    """A whole training by the kernels: which of two symbols came more often."""
    torch.manual_seed(0)
    net = elman.Network(2, 12, 2)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
    generator = torch.Generator().manual_seed(1)
    for _ in range(150):
        symbols = torch.randint(0, 2, (64, 9), generator=generator)
        y, _ = net(torch.nn.functional.one_hot(symbols, 2).float())
        loss = torch.nn.functional.cross_entropy(y[:, -1], (symbols.sum(1) > 4).long())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert elman.explain(net, torch.ones(1, 9, 2)).name == "kernel"
    assert loss.item() < 0.1
