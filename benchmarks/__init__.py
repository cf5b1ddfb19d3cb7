"""What is promised of speed and accuracy, measured: `python -m benchmarks`."""
