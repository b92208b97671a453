"""A quote: where it stands, how it is shown, and whether a text quotes truly."""
