"""Whether small differences grow or shrink in a network: its Jacobians over time, and the eigenvalues of W_hh."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackError, eigs

from elman.inspection.finding import Finding
from elman.inspection.jacobian import Jacobian, jacobians
from elman.inspection.reading import Reading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DENSE = (
    256  # numbers of a state, from which on only the largest eigenvalues are computed: 0.02 s in place of 0.2 for 512
)
LARGEST, KRYLOV = 4, 60  # eigenvalues that are asked for, and vectors they are sought among


@dataclass(frozen=True, eq=False, repr=False)
class Dynamics(Finding):
    """What a layer does to small differences of its state, at every step.

    Shape:
        radius (L*D, T), exponent (L*D, T), eigenvalues (L*D, H) for each gate, complex

    Args:
        radius: the spectral radius of d state_t / d state_{t-1}.
        exponent: the largest Lyapunov exponent up to each step: the logarithm of how much a difference at the start can
            have grown, per step; -inf where nothing is left of any.
        eigenvalues: of W_hh of each gate.
        names: what the layers and directions are called.
        steps: what each step is called.
        directions: D, 1 or 2.
    """

    radius: np.ndarray
    exponent: np.ndarray
    eigenvalues: dict[str, np.ndarray]
    names: tuple[str, ...]
    steps: tuple[str, ...]
    directions: int

    @property
    def last_exponent(self) -> np.ndarray:
        """Of each layer the exponent over all steps, (L*D,)."""
        return np.array([one[0 if k % self.directions else -1] for k, one in enumerate(self.exponent)])

    def sentence(self) -> str:
        """Whether differences grow or shrink, and how fast."""
        k = int(self.last_exponent.argmax())
        rate = float(np.exp(self.last_exponent[k]))
        does = "grows" if rate > 1 else "shrinks"
        of = f" in {self.names[k]}" if len(self.names) > 1 else ""
        low, high = self.radius[k].min(), self.radius[k].max()
        T = self.exponent.shape[1]
        return (
            f"Over these {T} steps the difference that lives longest{of} {does} by a factor of {rate:.3g} per step "
            f"(Lyapunov exponent {self.last_exponent[k]:.3g}); the spectral radius of a step lies between {low:.3g} "
            f"and {high:.3g}."
        )

    def to_frame(self) -> "pd.DataFrame":
        """A row for each layer, direction and step."""
        import pandas as pd

        number, step = (one.ravel() for one in np.indices(self.radius.shape))
        places = {"layer": number // self.directions, "reverse": number % self.directions == 1, "step": step}
        numbers = {"radius": self.radius.ravel(), "exponent": self.exponent.ravel()}
        return pd.DataFrame({**places, "read": np.array(self.steps, object)[step], **numbers})

    def plot(self) -> "Figure":
        """Of each layer, the spectral radius of each step and the growth per step so far."""
        from elman.reports.panels import Panel, over_steps

        panels = [
            Panel(name, {"spectral radius": radius, "growth per step": np.exp(exponent)})
            for name, radius, exponent in zip(self.names, self.radius, self.exponent, strict=True)
        ]
        return over_steps(panels, self.steps, "factor", limit=(1.0, "unchanged"))

    def plot_eigenvalues(self) -> "Figure":
        """The eigenvalues of W_hh of each gate and layer in the complex plane, beside the circle of radius 1."""
        from elman.reports.panels import planes

        found = {
            f"{name}, {gate}" if len(self.names) > 1 else gate: values[k]
            for k, name in enumerate(self.names)
            for gate, values in self.eigenvalues.items()
        }
        return planes(found)


def dynamics(reading: Reading, *, progress: Callable[[float], None] | None = None) -> Dynamics:
    """How each layer of a network carries small differences from step to step, while it reads a sequence.

    In float64, at the states that the network goes through. The state of a layer is all that its cell keeps (h and c of
    an LSTM), and the layer below is held: the Jacobian of a whole stack is block triangular, so its spectral radius is
    the largest of its layers'. The exponent up to step t is 1/t log of the largest singular value of J_t ... J_1, of a
    reverse direction in the order in which it reads; over many steps it goes to the largest Lyapunov exponent.

    Args:
        reading: of one sequence.
        progress: is told the share that is done.

    Raises:
        InputError: there is no step.

    Source: Vogt, Puelma Touzel, Shlizerman and Lajoie, On Lyapunov Exponents for RNNs (2022), section 2.

    Example:
        >>> import elman, torch
        >>> from elman.inspection import dynamics
        >>> found = dynamics(elman.inspect(elman.GRU(3, 8, num_layers=2), torch.randn(20, 3)))
        >>> found.radius.shape, found.eigenvalues["r"].shape
        ((2, 20), (2, 8))
    """
    chain = jacobians(reading)
    T = len(reading.x)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / (len(chain) * T))

    radius, exponent = np.zeros((2, len(chain), T))
    for k, one in enumerate(chain):
        radius[k], exponent[k] = _over_time(one, tell)
    by_layer = [np.linalg.eigvals(one.weight_hh.numpy()) for one in chain]  # (G, H) each
    eigenvalues = {gate: np.stack([of[g] for of in by_layer]) for g, gate in enumerate(reading.layer.cell.gates)}
    names = tuple(one.name for one in chain)
    return Dynamics(radius, exponent, eigenvalues, names, reading.steps, reading.layer.num_directions)


def _over_time(one: Jacobian, tell: Callable[[], None]) -> tuple[np.ndarray, np.ndarray]:
    S, _, T, H = one.shape
    radius, exponent = np.zeros(T), np.full(T, -np.inf)
    product, scale = torch.eye(S * H, dtype=torch.float64).view(S, H, S * H), 0.0  # of the Jacobians so far
    for count, t in enumerate(reversed(range(T)) if one.reverse else range(T)):
        radius[t] = spectral_radius(one.matrix(t))
        product = one.forward(t, product)
        size = float(product.norm())
        if size > 0:
            product, scale = product / size, scale + np.log(size)
            exponent[t] = (scale + np.log(_norm(product.reshape(S * H, S * H).numpy()))) / (count + 1)
        tell()
    return radius, exponent


def _norm(matrix: np.ndarray) -> float:
    """The largest singular value."""
    last = len(matrix) - 1
    return float(np.sqrt(eigh(matrix.T @ matrix, eigvals_only=True, subset_by_index=(last, last))[0]))


def spectral_radius(matrix: np.ndarray) -> float:
    """The largest absolute value of an eigenvalue."""
    if len(matrix) > DENSE:
        try:
            found = eigs(matrix, k=LARGEST, ncv=KRYLOV, v0=np.ones(len(matrix)), return_eigenvectors=False)
            return float(np.abs(found).max())
        except ArpackError:  # eigenvalues of nearly one size, or all 0
            pass
    return float(np.abs(np.linalg.eigvals(matrix)).max())
