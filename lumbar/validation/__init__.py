"""Scores Lumbar on labelled recordings: `run` does it, `report` is the document."""
