"""The commands of the command line. `qa.cli` registers them. At the start, only click is imported."""
