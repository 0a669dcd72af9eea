"""A contract's JSON Schema as tools list it: every client pays for each word of it."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import CoreSchema


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out titles, which only say a field's name again."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
        made = super().generate(schema, mode)
        for one in (made, *made.get("$defs", {}).values()):
            one.pop("title", None)
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def schema_of(model: type[BaseModel], *, mode: JsonSchemaMode) -> dict[str, Any]:
    """Return a contract's schema, as it is asked for or as it is answered."""
    return model.model_json_schema(schema_generator=_WithoutTitles, mode=mode)
