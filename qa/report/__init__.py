"""Export dossiers as reports, and show the state of their quotes in the library."""
