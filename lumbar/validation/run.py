"""What the command line needs; not in the package's ``__init__``, so that the schema can be had without pandas."""

from lumbar.validation.render import render
from lumbar.validation.scoring import validate

__all__ = ["render", "validate"]
