"""The parts of `benchmarks/quality.py`: the benchmarks of each task, and their baselines."""
