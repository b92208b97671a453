"""The commands of the command line, which `qa.cli` puts together. Only click is imported at the start."""
