"""What compiled code computes with: integers, addresses, SIMD vectors; operators on them emit the code that does it.

Nothing here rounds in a way that was not written: a product and a sum are one operation only where `fma` is called.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from llvmlite import ir

if TYPE_CHECKING:
    from elman.kernels.emitter import Body

INT = ir.IntType(64)
BYTE = ir.IntType(8)
ADDRESS = ir.PointerType()
VOID = ir.VoidType()


class Value:
    """Something that the compiled code will know when it runs."""

    __slots__ = ("body", "raw")

    def __init__(self, body: "Body", raw: Any) -> None:
        self.body, self.raw = body, raw

    def _other(self, value: Any) -> Any:
        raise TypeError(f"{type(self).__name__} and {value!r} do not go together")

    def _new(self, name: str, *others: Any) -> Self:
        return type(self)(self.body, getattr(self.body.build, name)(self.raw, *(self._other(one) for one in others)))


class Bool(Value):
    """True or false."""

    __slots__ = ()

    def __and__(self, other: "Bool") -> "Bool":
        """Both."""
        return Bool(self.body, self.body.build.and_(self.raw, other.raw))

    def __or__(self, other: "Bool") -> "Bool":
        """Either."""
        return Bool(self.body, self.body.build.or_(self.raw, other.raw))

    def as_int(self) -> "Int":
        """1 or 0."""
        return Int(self.body, self.body.build.zext(self.raw, INT))


class Int(Value):
    """A whole number of 64 bits."""

    __slots__ = ()

    def _other(self, value: "Int | int") -> Any:
        return self.body.integer(value).raw

    def _compare(self, sign: str, other: "Int | int") -> Bool:
        return Bool(self.body, self.body.build.icmp_signed(sign, self.raw, self._other(other)))

    def __add__(self, other: "Int | int") -> "Int":
        """Sum."""
        return self._new("add", other)

    __radd__ = __add__

    def __sub__(self, other: "Int | int") -> "Int":
        """Difference."""
        return self._new("sub", other)

    def __rsub__(self, other: int) -> "Int":
        """Difference."""
        return self.body.integer(other) - self

    def __mul__(self, other: "Int | int") -> "Int":
        """Product."""
        return self._new("mul", other)

    __rmul__ = __mul__

    def __floordiv__(self, other: "Int | int") -> "Int":
        """Quotient, towards 0."""
        return self._new("sdiv", other)

    def __mod__(self, other: "Int | int") -> "Int":
        """Remainder of `//`."""
        return self._new("srem", other)

    def __and__(self, other: "Int | int") -> "Int":
        """The bits that are in both."""
        return self._new("and_", other)

    def __lt__(self, other: "Int | int") -> Bool:
        """Less."""
        return self._compare("<", other)

    def __le__(self, other: "Int | int") -> Bool:
        """Less or equal."""
        return self._compare("<=", other)

    def __gt__(self, other: "Int | int") -> Bool:
        """Greater."""
        return self._compare(">", other)

    def __ge__(self, other: "Int | int") -> Bool:
        """Greater or equal."""
        return self._compare(">=", other)

    def equals(self, other: "Int | int") -> Bool:
        """Equal."""
        return self._compare("==", other)

    def differs(self, other: "Int | int") -> Bool:
        """Not equal."""
        return self._compare("!=", other)

    def pointer(self) -> "Pointer":
        """The number as an address."""
        return Pointer(self.body, self.body.build.inttoptr(self.raw, ADDRESS))


class Variable:
    """A place for a value; LLVM makes a register of it."""

    def __init__(self, body: "Body", value: Value) -> None:
        self.body, self.kind = body, type(value)
        self.place = body.start.alloca(value.raw.type)
        self.type = value.raw.type
        self.set(value)

    def get(self) -> Any:
        """What is in it."""
        return self.kind(self.body, self.body.build.load(self.place, typ=self.type))

    def set(self, value: "Value | int") -> None:
        """Put something else into it."""
        value = self.body.integer(value) if isinstance(value, int) else value
        self.body.build.store(value.raw, self.place)


class Pointer(Value):
    """The address of numbers in memory; indices count numbers of the module's dtype, `int_at` 64-bit integers."""

    __slots__ = ()

    def __add__(self, count: "Int | int") -> "Pointer":
        """The address of the number `count` places on."""
        return self._at(count, self.body.module.real)

    def _at(self, index: "Int | int", kind: ir.Type) -> "Pointer":
        raw = self.body.build.gep(self.raw, [self.body.integer(index).raw], source_etype=kind)
        return Pointer(self.body, raw)

    def bytes_on(self, count: "Int | int") -> "Pointer":
        """The address `count` bytes on."""
        return self._at(count, BYTE)

    def address(self) -> Int:
        """The address as a number."""
        return Int(self.body, self.body.build.ptrtoint(self.raw, INT))

    def int_at(self, index: "Int | int") -> Int:
        """The integer there."""
        return Int(self.body, self.body.build.load(self._at(index, INT).raw, typ=INT))

    def set_int(self, index: "Int | int", value: "Int | int") -> None:
        """Write an integer there."""
        self.body.build.store(self.body.integer(value).raw, self._at(index, INT).raw)

    def pointer_at(self, index: "Int | int") -> "Pointer":
        """The address that is stored there."""
        return Pointer(self.body, self.body.build.load(self._at(index, INT).raw, typ=ADDRESS))

    def set_pointer(self, index: "Int | int", value: "Pointer") -> None:
        """Write an address there."""
        self.body.build.store(value.raw, self._at(index, INT).raw)

    def vector(self, index: "Int | int", count: Int | None = None) -> "Vector":
        """The W numbers from there; with a count that many, and 0 in the other lanes."""
        module, build = self.body.module, self.body.build
        place = self._at(index, module.real).raw
        if count is None:
            loaded = build.load(place, typ=module.vector)
            loaded.align = module.itemsize
            return Vector(self.body, loaded)
        name = f"llvm.masked.load.v{module.lanes}f{8 * module.itemsize}.p0"
        mask = self.body.first_lanes(count).raw
        return Vector(
            self.body,
            self._masked(name, module.vector, [place, mask, self.body.vector(0.0).raw]),
        )

    def store(self, index: "Int | int", value: "Vector", count: Int | None = None) -> None:
        """Write the W numbers of a vector there; with a count the first of them."""
        module, build = self.body.module, self.body.build
        place = self._at(index, module.real).raw
        if count is None:
            build.store(value.raw, place).align = module.itemsize
            return
        name = f"llvm.masked.store.v{module.lanes}f{8 * module.itemsize}.p0"
        self._masked(name, VOID, [value.raw, place, self.body.first_lanes(count).raw])

    def _masked(self, name: str, result: ir.Type, arguments: list[Any]) -> Any:
        return self.body.intrinsic(name, result, arguments)

    def broadcast(self, index: "Int | int") -> "Vector":
        """The one number there, in every lane."""
        module, build = self.body.module, self.body.build
        loaded = build.load(self._at(index, module.real).raw, typ=module.real)
        loaded.align = module.itemsize
        return Vector(self.body, self.body.splat(loaded, module.vector))

    def store_first(self, index: "Int | int", value: "Vector") -> None:
        """Write the number in a vector's first lane there."""
        number = self.body.build.extract_element(value.raw, ir.Constant(ir.IntType(32), 0))
        self.body.build.store(number, self._at(index, self.body.module.real).raw).align = self.body.module.itemsize


class Mask(Value):
    """True or false in every lane."""

    __slots__ = ()

    def select(self, yes: "Vector", no: "Vector") -> "Vector":
        """Where true the number of the one vector, else of the other: never computed from, so NaN does no harm."""
        return type(yes)(self.body, self.body.build.select(self.raw, yes.raw, no.raw))

    def __and__(self, other: "Mask") -> "Mask":
        """Both."""
        return Mask(self.body, self.body.build.and_(self.raw, other.raw))


class Vector(Value):
    """W numbers."""

    __slots__ = ()

    def _other(self, value: "Vector | float") -> Any:
        return value.raw if isinstance(value, Vector) else self.body.vector(value).raw

    def _compare(self, sign: str, other: "Vector | float") -> Mask:
        return Mask(self.body, self.body.build.fcmp_ordered(sign, self.raw, self._other(other)))

    def __add__(self, other: "Vector | float") -> "Vector":
        """Sum."""
        return self._new("fadd", other)

    __radd__ = __add__

    def __sub__(self, other: "Vector | float") -> "Vector":
        """Difference."""
        return self._new("fsub", other)

    def __rsub__(self, other: float) -> "Vector":
        """Difference."""
        return self.body.vector(other) - self

    def __mul__(self, other: "Vector | float") -> "Vector":
        """Product."""
        return self._new("fmul", other)

    __rmul__ = __mul__

    def __truediv__(self, other: "Vector | float") -> "Vector":
        """Quotient."""
        return self._new("fdiv", other)

    def __rtruediv__(self, other: float) -> "Vector":
        """Quotient."""
        return self.body.vector(other) / self

    def __neg__(self) -> "Vector":
        """The sign turned, that of NaN and 0 too."""
        return self._new("fneg")

    def __lt__(self, other: "Vector | float") -> Mask:
        """Less; false for NaN."""
        return self._compare("<", other)

    def __le__(self, other: "Vector | float") -> Mask:
        """Less or equal; false for NaN."""
        return self._compare("<=", other)

    def __gt__(self, other: "Vector | float") -> Mask:
        """Greater; false for NaN."""
        return self._compare(">", other)

    def equals(self, other: "Vector | float") -> Mask:
        """Equal; false for NaN."""
        return self._compare("==", other)

    def is_nan(self) -> Mask:
        """Whether it is no number."""
        return Mask(self.body, self.body.build.fcmp_unordered("uno", self.raw, self.raw))

    def unary(self, intrinsic: str) -> "Vector":
        """LLVM's intrinsic of one argument: fabs, sqrt, rint, ..."""
        module = self.body.module
        name = f"llvm.{intrinsic}.v{module.lanes}f{8 * module.itemsize}"
        return Vector(self.body, self.body.intrinsic(name, module.vector, [self.raw]))

    def bits(self) -> "Bits":
        """The same lanes as integers."""
        return Bits(self.body, self.body.build.bitcast(self.raw, self.body.module.bits))

    def shuffled(self, other: "Vector", lanes: Sequence[int]) -> "Vector":
        """Lanes of both, by number: from W on they are the other's."""
        numbers = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))
        return Vector(self.body, self.body.build.shuffle_vector(self.raw, other.raw, numbers))


class Bits(Value):
    """W integers as wide as the module's numbers, for work on the form of floating point numbers."""

    __slots__ = ()

    def _other(self, value: "Bits | int") -> Any:
        if isinstance(value, Bits):
            return value.raw
        return ir.Constant(self.body.module.bits, [value] * self.body.module.lanes)

    def __add__(self, other: "Bits | int") -> "Bits":
        """Sum."""
        return self._new("add", other)

    def __sub__(self, other: "Bits | int") -> "Bits":
        """Difference."""
        return self._new("sub", other)

    def __and__(self, other: "Bits | int") -> "Bits":
        """The bits that are in both."""
        return self._new("and_", other)

    def __or__(self, other: "Bits | int") -> "Bits":
        """The bits that are in either."""
        return self._new("or_", other)

    def __lshift__(self, other: int) -> "Bits":
        """Shifted to the left."""
        return self._new("shl", other)

    def __rshift__(self, other: int) -> "Bits":
        """Shifted to the right, the sign kept."""
        return self._new("ashr", other)

    def numbers(self) -> Vector:
        """The same lanes as floating point numbers."""
        return Vector(self.body, self.body.build.bitcast(self.raw, self.body.module.vector))


def fma(a: Vector, b: "Vector | float", c: "Vector | float") -> Vector:
    """A * b + c, rounded once."""
    module = a.body.module
    name = f"llvm.fma.v{module.lanes}f{8 * module.itemsize}"
    return Vector(a.body, a.body.intrinsic(name, module.vector, [a.raw, a._other(b), a._other(c)]))


def choose(condition: Bool, yes: Int, no: Int) -> Int:
    """One of two integers."""
    return Int(yes.body, yes.body.build.select(condition.raw, yes.raw, no.raw))


def minimum(a: Int, b: "Int | int") -> Int:
    """The smaller of two integers."""
    other = a.body.integer(b)
    return Int(a.body, a.body.build.select((a < other).raw, a.raw, other.raw))


def maximum(a: Int, b: "Int | int") -> Int:
    """The larger of two integers."""
    other = a.body.integer(b)
    return Int(a.body, a.body.build.select((a < other).raw, other.raw, a.raw))
