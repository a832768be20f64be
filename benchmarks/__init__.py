"""What the hub costs, as ratios within one run: `make bench`, or `python -m benchmarks resolve transfer`."""
