"""Citations that other programs read: CSL-JSON, styles, BibTeX and RIS."""
