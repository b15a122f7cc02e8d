"""Files: written whole or not at all, and checked when they are read."""

from elman.files.arrays import Arrays, FolderWriter, open_arrays, write_arrays
from elman.files.model import Model, check_tensors, read_model, write_model
from elman.files.replace import check_writable, replace_file

__all__ = [
    "Arrays",
    "FolderWriter",
    "Model",
    "check_tensors",
    "check_writable",
    "open_arrays",
    "read_model",
    "replace_file",
    "write_arrays",
    "write_model",
]
