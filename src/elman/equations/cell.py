"""A cell: the equation of one time step of a recurrent network, from which everything else is derived."""

import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from elman.equations.parameter import Parameter, finite
from elman.equations.program import Line, Program, checked
from elman.equations.trace import definition, trace
from elman.errors import EquationError


@dataclass(frozen=True, eq=False)
class Cell:
    """The equation of one step, traced: which gates, states and parameters it has, and the program that it is.

    With x the input and h the first state, a gate `z` is the pre-activation `z = W_xh x + W_hh h_prev + b`. A split
    gate `n` comes as its two parts, `n_x = W_xh x + b_x` and `n_h = W_hh h_prev + b_h`. The program's inputs are
    the gates (in parts where split), `<state>_prev` for each state, parameters, constants and masks; its outputs
    are the new states in order. The first state is the layer's output.

    Made by the decorator `cell`, or by `Cell.from_config` from a model file.
    """

    name: str
    gates: tuple[str, ...]
    state: tuple[str, ...]
    program: Program
    split: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    masks: tuple[str, ...] = ()
    function: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if self.function is not None and self.function.__doc__:
            object.__setattr__(self, "__doc__", self.function.__doc__)  # what help(cell) shows

    @cached_property
    def gate_inputs(self) -> tuple[str, ...]:
        """The names under which the equation reads its gates, in the order of the rows of the weights."""
        return _gate_inputs(self.gates, self.split)

    @cached_property
    def adjoint(self) -> Program:
        """The program of the gradients; see `elman.equations.adjoint`."""
        from elman.equations.adjoint import adjoint

        return adjoint(self.program, self.state)

    def latex(self) -> str:
        """The equations in LaTeX, one per line; see `elman.equations.latex`."""
        from elman.equations.latex import latex

        return latex(self)

    def mathml(self) -> str:
        """The equations in presentation MathML, which browsers draw; see `elman.equations.mathml`."""
        from elman.equations.mathml import mathml

        return mathml(self)

    def to_config(self) -> dict[str, Any]:
        """The cell as plain JSON: a list of whitelisted operations, no code."""
        return {
            "name": self.name,
            "gates": list(self.gates),
            "split": list(self.split),
            "state": list(self.state),
            # lists, since the order counts, and sorted JSON would lose that of a mapping
            "parameters": [
                {"name": name, "initial": p.initial, "range": list(p.range), "per": p.per}
                for name, p in self.parameters.items()
            ],
            "constants": [[name, value] for name, value in self.constants.items()],
            "masks": list(self.masks),
            "lines": [[line.operation, *line.args] for line in self.program.lines],
            "outputs": list(self.program.outputs),
        }

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> "Cell":
        """The cell that `to_config` wrote; nothing in it is evaluated as code.

        Raises:
            EquationError: it is not of that form, or has an operation that is not whitelisted.
        """
        try:
            names = {key: tuple(map(_identifier, config[key])) for key in ("gates", "split", "state", "masks")}
            parameters = {
                _identifier(p["name"]): Parameter(p["initial"], tuple(p["range"]), p["per"])
                for p in config["parameters"]
            }
            constants = {_identifier(name): finite(name, value) for name, value in config["constants"]}
            lines = tuple(Line(str(line[0]), tuple(map(_ref, line[1:]))) for line in config["lines"])
            outputs = tuple(map(_ref, config["outputs"]))
            name = str(config["name"])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            raise EquationError(f"this is no cell that elman wrote: {type(error).__name__}: {error}") from error
        what = f"cell {name!r}"
        inputs = _inputs(
            what, names["gates"], names["split"], names["state"], (*parameters, *constants, *names["masks"])
        )
        if (len(parameters), len(constants)) != (len(config["parameters"]), len(config["constants"])):
            raise EquationError(f"{what} has a parameter or a constant twice")
        if len(outputs) != len(names["state"]):
            raise EquationError(f"{what} has {len(outputs)} outputs and {len(names['state'])} states")
        program = checked(Program(inputs, lines, outputs), what)
        return Cell(
            name,
            names["gates"],
            names["state"],
            program,
            names["split"],
            parameters,
            constants,
            names["masks"],
        )

    @cached_property
    def text(self) -> str:
        """The configuration as sorted JSON: equal for equal equations."""
        return json.dumps(self.to_config(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[Any, ...]:
        return Cell.from_config, (self.to_config(),)  # the function may be a local one; the trace is all it takes

    def __call__(self, *args: Any, **values: Any) -> Any:
        """The user's own Python function, on plain numbers: what the trace is tested against."""
        if self.function is None:
            raise EquationError(f"cell {self.name!r} was read from a file: its Python function is not there")
        return self.function(*args, **values)

    def __repr__(self) -> str:
        return f"<cell {self.name}: gates {' '.join(self.gates)}; state {' '.join(self.state)}>"


def cell(
    function: None = None,
    /,
    *,
    gates: str | Sequence[str] = (),
    state: str | Sequence[str] = "h",
    split: str | Sequence[str] = (),
    params: str | Sequence[str] | Mapping[str, Parameter | float] = (),
    constants: Mapping[str, float] | None = None,
    masks: str | Sequence[str] = (),
) -> Callable[[Callable[..., Any]], Cell]:
    """Define a cell by its equation: the decorated function is traced once, here.

    Args:
        function: nothing: `@cell` is written with its parentheses.
        gates: the names of the gates, at least one, in the order of the rows of the weights.
        state: the names of the states; the first is the layer's output and is multiplied by W_hh.
        split: those gates `g` that the equation wants in two parts, as arguments `g_x` and `g_h`.
        params: trainable numbers, by name: a `Parameter`, or a number to start from.
        constants: fixed numbers that bear a name in the LaTeX.
        masks: inputs of the layer's `masks` argument, for zoneout or variational dropout.

    Returns:
        A decorator that turns a function of those names (and `<state>_prev` for each state) into a `Cell`.

    Raises:
        EquationError: the equation has a name, a function or a number of results that it cannot have; the message
            gives the file and line, and the remedy.

    Example:
        >>> from elman import cell, tanh
        >>> @cell(gates="z", state="h")
        ... def elman(z, h_prev):
        ...     return tanh(z)
        >>> elman(z=0.0, h_prev=0.5)
        0.0
    """
    if function is not None:
        raise EquationError(
            f'{definition(function)}: @cell without its parentheses: write @cell(gates="z", state="h") with your names'
        )

    def decorate(function: Callable[..., Any]) -> Cell:
        name = getattr(function, "__name__", "cell")
        what = f"cell {name!r}"
        try:
            gate_names, states, split_names, mask_names = map(_names, (gates, state, split, masks))
            parameters = _parameters(params)
            values = {_identifier(key): finite(key, value) for key, value in (constants or {}).items()}
            others = (*parameters, *values, *mask_names)
            inputs = _inputs(what, gate_names, split_names, states, others)
            arguments = inspect.signature(function).parameters
            for argument, description in arguments.items():
                if description.kind is description.POSITIONAL_ONLY:
                    raise EquationError(f"{what} has the positional-only argument {argument!r}: remove the '/'")
                if argument not in inputs:
                    raise EquationError(
                        f"{what} has the argument {argument!r}, which is no gate, state or parameter: "
                        f"it may have {', '.join(inputs)}"
                    )
            for expected in inputs:
                if expected not in arguments:
                    raise EquationError(f"{what} lacks the argument {expected!r}: add it, or do not declare it")
        except EquationError as error:
            raise EquationError(f"{definition(function)}: {error}") from error
        program = trace(function, inputs, len(states), what)
        reads = program.reads()
        for given in inputs:
            if given not in reads and not given.endswith("_prev"):  # Elman's own h_prev is in z alone
                raise EquationError(
                    f"{definition(function)}: {what} does not use {given!r}: no new state depends on it; "
                    "use it, or do not declare it"
                )
        return Cell(name, gate_names, states, program, split_names, parameters, values, mask_names, function)

    return decorate


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(map(_identifier, names.split() if isinstance(names, str) else names))


def _identifier(name: Any) -> str:
    if not (isinstance(name, str) and name.isidentifier()):
        raise EquationError(f"{name!r} is no name: names are Python identifiers")
    if name.startswith("d_") or name.endswith("_prev"):
        raise EquationError(f"the name {name!r} is taken: d_... are gradients and ..._prev the states before the step")
    return name


def _gate_inputs(gates: Sequence[str], split: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for gate in gates for name in ((f"{gate}_x", f"{gate}_h") if gate in split else (gate,)))


def _inputs(
    what: str, gates: Sequence[str], split: Sequence[str], state: Sequence[str], others: Sequence[str]
) -> tuple[str, ...]:
    if not gates or not state:
        raise EquationError(f"{what} needs at least one gate and one state")
    for gate in split:
        if gate not in gates:
            raise EquationError(f"{what} splits {gate!r}, which is no gate: the gates are {', '.join(gates)}")
    inputs = (*_gate_inputs(gates, split), *(f"{name}_prev" for name in state), *others)
    for name in (*inputs, *state):
        if (*inputs, *state).count(name) > 1:
            raise EquationError(f"{what} uses the name {name!r} twice: gates, states and parameters are all distinct")
    return inputs


def _parameters(params: str | Sequence[str] | Mapping[str, Parameter | float]) -> dict[str, Parameter]:
    if not isinstance(params, Mapping):
        params = {name: Parameter() for name in _names(params)}
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        if name in params:
            raise EquationError(f"the parameter {name!r} has the name of a tensor of the layer: rename it")
    return {
        _identifier(name): value if isinstance(value, Parameter) else Parameter(finite(name, value))
        for name, value in params.items()
    }


def _ref(value: Any) -> str | float:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is neither a name nor a finite number")
    return float(value)
