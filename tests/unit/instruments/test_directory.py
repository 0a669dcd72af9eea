import json
from collections.abc import Iterable

import pytest

from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.instruments import Exchange, Instrument, InstrumentRef
from tools.ports import InstrumentDirectory

DIRECTORY: InstrumentDirectory = Directory(load_master())


def symbols(instruments: Iterable[Instrument]) -> set[str]:
    return {str(instrument.ref) for instrument in instruments}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("INFY", "NSE:INFY"),
        ("infy", "NSE:INFY"),
        ("  Infosys ", "NSE:INFY"),
        ("nse:infy", "NSE:INFY"),
        ("NYSE:INFY", "NYSE:INFY"),
        ("infosys adr", "NYSE:INFY"),
        ("ＩＮＦＹ", "NSE:INFY"),
        ("sbi", "NSE:SBIN"),
        ("kotak", "NSE:KOTAKBANK"),
        ("reliance", "NSE:RELIANCE"),
        ("itc", "NSE:ITC"),
        ("pnb", "NSE:PNB"),
        ("ntpc", "NSE:NTPC"),
        ("indigo", "NSE:INDIGO"),
        ("m&m", "NSE:M&M"),
        ("BAJAJ-AUTO", "NSE:BAJAJ-AUTO"),
        ("brk.b", "NYSE:BRK.B"),
        ("nifty", "NSE:NIFTY 50"),
        ("nifty fut", "NFO:NIFTY26MARFUT"),
        ("dr reddy’s", "NSE:DRREDDY"),
        ("hdfc   bank", "NSE:HDFCBANK"),
        ("ibm", "NYSE:IBM"),
    ],
)
def test_a_name_means_exactly_one_instrument(said: str, meant: str) -> None:
    resolution = DIRECTORY.resolve(said)
    assert resolution.instrument is not None
    assert str(resolution.instrument.ref) == meant


@pytest.mark.parametrize(
    ("said", "candidates"),
    [
        ("google", {"NASDAQ:GOOG", "NASDAQ:GOOGL"}),
        ("tata motors", {"NSE:TMPV", "NSE:TMCV"}),
        ("HDFC", {"NSE:HDFCBANK", "NSE:HDFCLIFE", "NSE:HDFCAMC"}),
        ("jsw", {"NSE:JSWSTEEL", "NSE:JSWENERGY", "NSE:JSWINFRA"}),
    ],
)
def test_a_shared_alias_gives_every_candidate_and_picks_none(
    said: str, candidates: set[str]
) -> None:
    resolution = DIRECTORY.resolve(said)
    assert resolution.instrument is None
    assert symbols(resolution.candidates) == candidates


def test_tata_and_adani_are_families() -> None:
    assert len(DIRECTORY.resolve("tata").candidates) == 10
    assert len(DIRECTORY.resolve("adani").candidates) == 6


@pytest.mark.parametrize(
    "said",
    [
        "",
        " ",
        "nosuch",
        "infi",
        "gogle",
        "INF Y",
        "LSE:INFY",
        "BSE:INFY",
        "NSE:",
        ":INFY",
        "NSE:NSE:INFY",
        "CIPL\u0391",  # Greek capital alpha
        "\u0406NFY",  # Cyrillic capital I
        "INFY\u200b",  # zero-width space
        "IN\u00adFY",  # soft hyphen
        "\u202eYFNI",  # right-to-left override
        "INFY\u2066",  # isolate
        "I\U000e004eNFY",  # tag character
        "\u212aOTAKBANK",  # Kelvin sign
        "\U0001d408NFY",  # mathematical bold I
        "INFY\x00",
        "INFY\n",
        "i" * 10_000,
    ],
)
def test_anything_else_is_nothing(said: str) -> None:
    assert DIRECTORY.resolve(said).candidates == ()


def test_every_row_is_found_by_its_full_name() -> None:
    for row in load_master():
        ref = row.instrument.ref
        assert DIRECTORY.get(ref) == row.instrument
        assert DIRECTORY.resolve(str(ref)).instrument == row.instrument


def test_names_and_resolve_agree() -> None:
    for name, refs in DIRECTORY.names().items():
        assert name == name.casefold()
        assert tuple(i.ref for i in DIRECTORY.resolve(name).candidates) == refs


def test_names_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        DIRECTORY.names()["x"] = ()  # type: ignore[index]


def test_an_unknown_reference_is_none() -> None:
    assert DIRECTORY.get(InstrumentRef(exchange=Exchange.BSE, tradingsymbol="INFY")) is None


def test_suggestions_help_with_a_slip_and_are_few() -> None:
    directory = Directory(load_master())
    assert "NSE:INFY" in symbols(directory.suggest("infossys"))
    assert "NASDAQ:GOOG" in symbols(directory.suggest("gogle"))
    assert len(directory.suggest("tata", limit=3)) == 3
    assert directory.suggest("zzzzqqqq") == ()


def test_a_resolution_can_be_written_down() -> None:
    assert json.loads(DIRECTORY.resolve("infy").model_dump_json())["text"] == "infy"
