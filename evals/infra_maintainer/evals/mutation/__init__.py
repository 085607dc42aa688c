"""Known-good answers changed on purpose: what the verification catches, and what it wrongly refuses."""
