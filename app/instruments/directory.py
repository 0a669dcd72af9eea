"""Which instruments a name may mean."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from app.instruments.master import MasterRow
from app.instruments.names import MAX_NAME_LENGTH, fold_name
from riskgate.contracts.instruments import (
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
    Resolution,
)


class Directory:
    """The instrument master by exact name; implements tools.ports.InstrumentDirectory.

    A bare tradingsymbol listed on NSE and elsewhere means the NSE row. An alias that several
    rows share means all of them.
    """

    def __init__(self, rows: Iterable[MasterRow]) -> None:
        kept = tuple(rows)
        self._by_ref = {row.instrument.ref: row.instrument for row in kept}
        self._names = MappingProxyType(_preferred_names(kept))
        self._everywhere = _every_name(kept)

    def get(self, ref: InstrumentRef) -> Instrument | None:
        """Return the exact row, or None."""
        return self._by_ref.get(ref)

    def names(self) -> Mapping[str, tuple[InstrumentRef, ...]]:
        """Return every casefolded name and alias with the rows it may mean."""
        return self._names

    def resolve(self, text: str) -> Resolution:
        """Return one instrument, the candidates, or nothing; never a guess.

        `NSE:INFY`, `infy`, `Infosys` and aliases are known, in any case; anything else, also a
        near miss, a look-alike letter or an invisible character, is nothing.
        """
        name = fold_name(text)
        refs = self._find(name) if name else ()
        return Resolution(text=text, candidates=tuple(self._by_ref[ref] for ref in refs))

    def suggest(self, text: str, limit: int = 5) -> tuple[Instrument, ...]:
        """Return the instruments with the closest names, for an error message only."""
        wanted = " ".join(text[:MAX_NAME_LENGTH].casefold().split())
        close = get_close_matches(wanted, self._names, n=limit * 3, cutoff=0.6)
        refs = dict.fromkeys(ref for name in close for ref in self._names[name])
        return tuple(self._by_ref[ref] for ref in list(refs)[:limit])

    def _find(self, name: str) -> tuple[InstrumentRef, ...]:
        exchange, colon, rest = name.partition(":")
        if not colon:
            return self._names.get(name, ())
        said = exchange.strip().upper()
        if said not in Exchange.__members__:
            return ()
        refs = self._everywhere.get(rest.strip(), ())
        return tuple(ref for ref in refs if ref.exchange is Exchange(said))


def _every_name(rows: Iterable[MasterRow]) -> dict[str, tuple[InstrumentRef, ...]]:
    names: dict[str, tuple[InstrumentRef, ...]] = {}
    for row in rows:
        for name in _names_of(row):
            names[name] = (*names.get(name, ()), row.instrument.ref)
    return names


def _preferred_names(rows: Iterable[MasterRow]) -> dict[str, tuple[InstrumentRef, ...]]:
    return {name: _prefer_nse(name, refs) for name, refs in _every_name(rows).items()}


def _prefer_nse(name: str, refs: tuple[InstrumentRef, ...]) -> tuple[InstrumentRef, ...]:
    listed_on_nse = any(
        ref.exchange is Exchange.NSE and ref.tradingsymbol.casefold() == name for ref in refs
    )
    if not listed_on_nse:
        return refs
    return tuple(
        ref for ref in refs if ref.exchange is Exchange.NSE or ref.tradingsymbol.casefold() != name
    )


def _names_of(row: MasterRow) -> tuple[str, ...]:
    # A future's name is its underlying, which means the index and not the contract.
    instrument = row.instrument
    own = () if instrument.kind is InstrumentKind.FUTURE else (instrument.name,)
    said = (instrument.ref.tradingsymbol, *own, *row.aliases)
    return tuple(dict.fromkeys(name for name in map(fold_name, said) if name))
