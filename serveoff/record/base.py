"""The base of all that a run writes."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of all records: unknown fields are an error, so that a typo cannot pass for data."""

    model_config = ConfigDict(extra="forbid")
