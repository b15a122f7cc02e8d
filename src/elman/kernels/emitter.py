"""Code for one processor, written as Python: functions of integers, addresses and SIMD vectors, emitted as LLVM IR.

A kernel is a Python function that emits: what it does with `Int`, `Pointer` and `Vector` values is recorded, what it
does with Python's own numbers and loops happens once, while it emits. So `for` over a range of Python unrolls, and
`with body.loop(n) as i` is a loop of the compiled code.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from elman.kernels.target import ITEMSIZE, Target
from elman.kernels.values import ADDRESS, INT, VOID, Bool, Int, Mask, Pointer, Value, Variable, Vector, minimum


class Module:
    """The functions that are compiled together, in one dtype for one processor."""

    def __init__(self, name: str, dtype: str, target: Target) -> None:
        self.ir = ir.Module(name)
        self.ir.triple = target.triple
        self.target, self.dtype = target, dtype
        self.itemsize = ITEMSIZE[dtype]
        self.lanes = target.lanes(dtype)
        self.real = ir.FloatType() if dtype == "float32" else ir.DoubleType()
        self.vector = ir.VectorType(self.real, self.lanes)
        self.mask = ir.VectorType(ir.IntType(1), self.lanes)
        self.bits_scalar = ir.IntType(8 * self.itemsize)
        self.bits = ir.VectorType(self.bits_scalar, self.lanes)

    @contextmanager
    def function(self, name: str, arguments: str, *, public: bool = False, inline: bool = False) -> Iterator["Body"]:
        """Define a function without result; its arguments, `"n x*"`, are integers, or addresses where starred.

        In the body the arguments are attributes by name. A public one can be called from outside of the module.
        """
        names = arguments.split()
        kinds = [ADDRESS if one.endswith("*") else INT for one in names]
        function = ir.Function(self.ir, ir.FunctionType(VOID, kinds), name)
        if not public:
            function.linkage = "internal"
        wide = f'"min-legal-vector-width"="{8 * self.target.vector_bytes}"'
        set.update(function.attributes, {f'"prefer-vector-width"="{8 * self.target.vector_bytes}"', wide, "nounwind"})
        function.attributes.add("alwaysinline" if inline else "noinline")
        body = Body(self, function)
        for one, given in zip(names, function.args, strict=True):
            given.name = one.rstrip("*")
            setattr(body, given.name, Pointer(body, given) if one.endswith("*") else Int(body, given))
        yield body
        body.build.ret_void()


class Body:
    """One function that is being emitted."""

    def __init__(self, module: Module, function: ir.Function) -> None:
        self.module = module
        self.function = function
        entry = function.append_basic_block("entry")
        self.start = ir.IRBuilder(entry)
        self.build = ir.IRBuilder(function.append_basic_block("body"))
        self.start.position_at_start(self.start.branch(self.build.block).parent)

    def __getattr__(self, name: str) -> Any:
        """An argument of the function."""
        raise AttributeError(f"{self.function.name} has no argument {name!r}")

    # Integers and control

    def integer(self, value: "Int | int") -> "Int":
        """An integer."""
        return value if isinstance(value, Int) else Int(self, ir.Constant(INT, value))

    def variable(self, value: "Value | int") -> "Variable":
        """A variable that starts with a value: what is carried from one turn of a loop to the next."""
        return Variable(self, self.integer(value) if isinstance(value, int) else value)

    @contextmanager
    def loop(self, stop: "Int | int", start: "Int | int" = 0, step: int = 1) -> Iterator["Int"]:
        """Repeat for the integers from `start` up to `stop`, without it; not at all if there are none."""
        counter = self.variable(self.integer(start))
        stop = self.integer(stop)
        head, inside, after = (self.function.append_basic_block(f"loop.{part}") for part in ("head", "body", "end"))
        self.build.branch(head)
        self.build.position_at_end(head)
        i = counter.get()
        self.build.cbranch((i < stop).raw, inside, after)
        self.build.position_at_end(inside)
        yield i
        counter.set(i + step)
        self.build.branch(head)
        self.build.position_at_end(after)

    @contextmanager
    def repeat_while(self, condition: Callable[[], "Bool"]) -> Iterator[None]:
        """Repeat while a condition, emitted before each turn, holds."""
        head, inside, after = (self.function.append_basic_block(f"while.{part}") for part in ("head", "body", "end"))
        self.build.branch(head)
        self.build.position_at_end(head)
        self.build.cbranch(condition().raw, inside, after)
        self.build.position_at_end(inside)
        yield
        self.build.branch(head)
        self.build.position_at_end(after)

    @contextmanager
    def when(self, condition: "Bool") -> Iterator[None]:
        """Do it only if the condition holds."""
        with self.build.if_then(condition.raw):
            yield

    @contextmanager
    def choose(self, condition: "Bool") -> Iterator[tuple[Any, Any]]:
        """Two blocks, `with` each: what is done if the condition holds, and what otherwise."""
        with self.build.if_else(condition.raw) as blocks:
            yield blocks

    def call(self, function: "ir.Function | Body | Pointer", *arguments: "Value | int") -> None:
        """Call a function of this module, or one by its address."""
        given = [self.integer(one).raw if isinstance(one, int) else one.raw for one in arguments]
        if isinstance(function, Pointer):
            kind = ir.FunctionType(VOID, [one.type for one in given])
            # Through a number, since llvmlite asks for an address that knows the function's type.
            number = self.build.ptrtoint(function.raw, INT)
            self.build.call(self.build.inttoptr(number, kind.as_pointer()), given)
        else:
            self.build.call(function.function if isinstance(function, Body) else function, given)

    def address_of(self, function: "Body | ir.Function") -> "Pointer":
        """The address of a function, to hand on."""
        raw = function.function if isinstance(function, Body) else function
        return Pointer(self, self.build.bitcast(raw, ADDRESS))

    # Numbers

    def vector(self, value: float) -> "Vector":
        """A vector of one constant."""
        return Vector(self, ir.Constant(self.module.vector, [value] * self.module.lanes))

    def intrinsic(self, name: str, result: ir.Type, arguments: Sequence[Any]) -> Any:
        """Call an intrinsic of LLVM by its full name."""
        kind = ir.FunctionType(result, [one.type for one in arguments])
        found = self.module.ir.globals.get(name)
        return self.build.call(found if found is not None else ir.Function(self.module.ir, kind, name), arguments)

    def first_lanes(self, count: "Int") -> "Mask":
        """The mask of the first `count` lanes; all of them for W or more, none for 0 or less."""
        kind, lanes = self.module.bits, self.module.lanes
        narrow = self.build.trunc(minimum(count, self.integer(lanes)).raw, ir.IntType(32))
        wide = self.build.sext(narrow, kind.element) if self.module.itemsize == 8 else narrow
        numbers = ir.Constant(kind, list(range(lanes)))
        return Mask(self, self.build.icmp_signed("<", numbers, self.splat(wide, kind)))

    def splat(self, scalar: Any, kind: ir.VectorType) -> Any:
        """A scalar in every lane."""
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.build.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
        return self.build.shuffle_vector(first, undefined, zeros)
