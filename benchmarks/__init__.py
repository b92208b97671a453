"""What is measured, against what, and how to run it again. Each script prints its table."""
