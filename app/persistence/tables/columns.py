"""What every table is made of."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def text_column(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def time(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def json(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, JSONB, nullable=null)


def number(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, Numeric, nullable=null)


def to(table: str, *columns: str) -> ForeignKeyConstraint:
    local = ["tenant_id", *columns]
    return ForeignKeyConstraint(local, [f"{table}.{name}" for name in local])
