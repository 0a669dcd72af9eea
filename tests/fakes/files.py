"""Files of one person, kept in memory."""

from dataclasses import dataclass, field

from app.files.finding import found_rows, net_quantities
from app.files.packing import unpacked
from app.files.reading import read_file
from app.files.shown import file_name
from riskgate.contracts.files import FileFacts, FoundRows, NetQuantities, RowWish
from tests.unit.riskgate.builders import NOW
from tools.ports import Caller

SHA = "5" * 64


@dataclass
class FakeFiles:
    """Implements tools.ports.FileReader; `asked` names the calls that reached it."""

    kept: dict[str, FileFacts] = field(default_factory=dict)
    packed: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def keep(self, content: bytes, *, name: str = "trades.csv", file_id: str = "fil_1") -> str:
        """Keep a file as the application would; return its id."""
        kind, tables = read_file(content)
        self.kept[file_id] = FileFacts(
            file_id=file_id,
            name=file_name(name),
            sha256=SHA,
            kind=kind,
            size_bytes=len(content),
            added_at=NOW,
            sheets=tuple(table.facts for table in tables),
        )
        self.packed[file_id] = [table.packed for table in tables]
        return file_id

    async def file(self, caller: Caller, file_id: str) -> FileFacts | None:
        self.asked.append("file")
        return self.kept.get(file_id)

    async def found(
        self, caller: Caller, file_id: str, sheet: int, wish: RowWish, *, limit: int
    ) -> FoundRows | None:
        self.asked.append("found")
        if file_id not in self.packed:
            return None
        return found_rows(unpacked(self.packed[file_id][sheet]), wish, limit=limit)

    async def nets(
        self,
        caller: Caller,
        file_id: str,
        sheet: int,
        *,
        symbol: int,
        quantity: int,
        side: int | None,
    ) -> NetQuantities | None:
        self.asked.append("nets")
        if file_id not in self.packed:
            return None
        rows = unpacked(self.packed[file_id][sheet])
        return net_quantities(rows, symbol=symbol, quantity=quantity, side=side)
