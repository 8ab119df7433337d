"""``lumbar schema``."""

from __future__ import annotations

import json
import sys

from analytics.daily_summary import summary_schema
from config.errors import SettingsError
from lumbar.analysis_document import analysis_schema
from lumbar.decoded import decoded_schema
from lumbar.messaging.schema_files import message_schema, message_schema_names
from lumbar.sensors.documents import SENSOR_SCHEMAS
from lumbar.validation.report import validation_schema

__all__ = ["run_schema"]

DOCUMENTS = {
    "analysis": analysis_schema,
    "decoded": decoded_schema,
    "summary": summary_schema,
    "validation": validation_schema,
    **SENSOR_SCHEMAS,
}


def run_schema(name: str | None) -> None:
    """Print one schema, or the names of all."""
    names = sorted([*DOCUMENTS, *message_schema_names()])
    if name is None:
        sys.stdout.write("\n".join(names) + "\n")
        return
    if name not in names:
        raise SettingsError(f"no schema is called {name!r}; there are {', '.join(names)}")
    schema = DOCUMENTS[name]() if name in DOCUMENTS else message_schema(name)
    sys.stdout.write(json.dumps(schema, indent=2) + "\n")
