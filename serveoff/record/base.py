"""The base of all that a run writes."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of all records: unknown fields are an error, so that a typo cannot pass for data, and so is NaN."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, ser_json_inf_nan="strings")
