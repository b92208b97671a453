"""Write and read citations for other programs: CSL-JSON, citation styles, BibTeX and RIS."""
