"""The sides of `benchmarks.peers`, a script each; a script runs in a process of its own."""
