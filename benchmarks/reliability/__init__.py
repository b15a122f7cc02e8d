"""What benchmarks/reliability.py does: trainings killed and resumed, files damaged, disks filled."""
