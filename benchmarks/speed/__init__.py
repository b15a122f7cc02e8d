"""The parts of `benchmarks/speed.py`: the grid, the contestants, the machine, measuring and reporting."""
