"""The scripts of the sides of `benchmarks.peers`. Each script runs in its own process."""
