"""Exercises: repetitions counted, sets found and recognised, form judged."""
