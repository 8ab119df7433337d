"""What all messages are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = ["Name", "NotNegative", "OpenPart", "Part", "WholeNumber"]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
NotNegative = Annotated[float, Field(ge=0)]
WholeNumber = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """Immutable, strict about names; numbers are finite."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class OpenPart(Part):
    """A part to which the sender adds what belongs to the kind."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, JsonValue]
