"""Recurrent neural networks: a cell is an equation, everything else is derived from it.

The public names are listed in `__init__.pyi`; each is imported when it is first used, so that
`import elman` takes no time and a process that only reads a model file never loads PyTorch.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
