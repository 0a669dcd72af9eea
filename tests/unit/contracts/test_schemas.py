"""The published JSON Schemas are the contracts' own, and real values keep to them."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from riskgate.contracts.base import Contract
from riskgate.hashing import canonical_json
from tests.schemas import CONTRACTS, FOLDER, schema_files
from tests.unit.contracts.samples import samples


def schema_of(contract: type[Contract]) -> dict[str, Any]:
    text = (FOLDER / f"{contract.__name__}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def validator(contract: type[Contract]) -> Draft202012Validator:
    return Draft202012Validator(schema_of(contract), format_checker=FormatChecker())


def test_the_published_schemas_are_those_of_the_contracts() -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert published == schema_files(), "make schemas"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_a_schema_is_itself_valid_and_closed_to_unknown_fields(contract: type[Contract]) -> None:
    schema = schema_of(contract)
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


def test_every_contract_with_a_schema_has_a_sample() -> None:
    assert {type(sample) for sample in samples()} == set(CONTRACTS)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: type(sample).__name__)
def test_what_the_system_writes_keeps_to_the_schema_and_is_read_back_equal(
    sample: Contract,
) -> None:
    written = json.loads(canonical_json(sample))
    validator(type(sample)).validate(written)
    assert type(sample).model_validate(written) == sample


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: type(sample).__name__)
def test_an_unknown_or_missing_field_breaks_the_schema(sample: Contract) -> None:
    checker = validator(type(sample))
    written = json.loads(canonical_json(sample))
    required = schema_of(type(sample))["required"]
    assert not checker.is_valid({**written, "surprise": 1})
    assert required
    for name in required:
        assert not checker.is_valid({key: written[key] for key in written if key != name})
