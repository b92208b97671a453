"""A dossier as a report: what has become of its quotes, and the file that it is exported to."""
