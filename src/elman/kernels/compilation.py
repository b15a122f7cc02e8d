"""From emitted code to an object file, and from an object file to functions that can be called."""

from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from elman.kernels.target import Target


@cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def compile_object(text: str, target: Target) -> bytes:
    """Compile LLVM IR for a processor.

    Loops are not turned into vectors and sums are not split: LLVM rounds where the text says so and nowhere else.
    """
    module, machine = _optimised(text, target)
    result: bytes = machine.emit_object(module)
    return result


def assembly(text: str, target: Target) -> str:
    """The same as a text in the processor's assembly language, to be read."""
    module, machine = _optimised(text, target)
    result: str = machine.emit_assembly(module)
    return result


def _optimised(text: str, target: Target) -> tuple[llvm.ModuleRef, llvm.TargetMachine]:
    _initialise()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small"
    )
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    options.loop_unrolling = False  # a tile fills the registers: two turns of its loop side by side would spill
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return module, machine


class Library:
    """An object file in memory: its functions by name, as addresses.

    Args:
        code: the object file.
        source: the file that holds the text it was compiled from, if there is one to show.
    """

    def __init__(self, code: bytes, source: Path | None = None) -> None:
        _initialise()
        self.source = source
        machine = llvm.Target.from_default_triple().create_target_machine()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a public function is.

        Raises:
            KeyError: there is none of that name.
        """
        address: int = self._engine.get_function_address(name)
        if address == 0:
            raise KeyError(name)
        return address
