"""What the fields of cards mean, with their units; the page of cards is made of it.

A name means the same on every card, or says of what it is.
"""

from collections.abc import Mapping
from typing import Final

_GROUPS: Final[Mapping[str, str]] = {
    "money, in the currency beside it, else the account's": (
        "after amount available before change equity gain gain_at_target leaving loss_at_stop"
        " loss_limit notional realised start_equity start_of_day_equity total turnover"
        " unrealised unrealised_pnl"
    ),
    "price of one piece": (
        "ask average_price bid breakeven_price close last limit_price lower_circuit price"
        " reference_price sma20 sma50 stop_price target_price trigger_price upper_circuit"
    ),
    "pieces": "difference filled_quantity held in_file quantity slices",
    "percent": "atr14_pct change20_pct stop_distance_pct target_distance_pct volatility20_pct",
    "UTC time, ISO 8601": (
        "added_at as_of at closes_at last_closed_at market_time next_opens_at opens_at since"
        " traded_at stop_since until valid_until"
    ),
    "day, ISO 8601": "day first_day last_day rates_on",
    "id": (
        "approved_by broker_order_id decision_id file_id id order_id plan_id policy_hash run_id tag"
    ),
    "words for people": (
        "advice asked differences headline help hindrances message note question reason"
        " reasons remedy sizing_note text warning"
    ),
    "true or false, null when not known": (
        "is_open loosened reached reconciled simulated stop_rests target_rests"
    ),
    "code of docs/reference/codes.md": "error_code",
    "rule of docs/reference/rules.md": "rule_id rules",
}
_ALONE: Final[Mapping[str, str]] = {
    "actual": "what the rule compared, in the unit of its limit",
    "asks_for": "`portfolio_detail`: the choice grants that a model sees it",
    "asked_by": "who said it: a person, or a program that passed words on",
    "atr14": "average true range of 14 days, as a price",
    "bars": "how many daily bars",
    "bars_from": "IMPORT or BROKER",
    "cells": "cells of the row as they were written, in the order of the columns",
    "charge": "name of the charge",
    "choices": "answers that can be pressed",
    "column": "name of the column in the file",
    "currency": "currency of the money beside it",
    "empty": "how many cells of the column are empty",
    "entry_rules": "conditions that the entry waits for",
    "evidence": "ids of what the row rests on; at the card's top level, what those ids are",
    "exceptions": "differences that nobody has resolved",
    "exchange": "exchange of an instrument",
    "figure": "what was asked of the column: total, average, lowest or highest",
    "hidden": "true for a sheet that the workbook hides",
    "instrument": "EXCHANGE:TRADINGSYMBOL; in `exposure` and on orders an object of both",
    "kill_switch": "why this plan tripped it, null when it did not",
    "kind": "what sort of evidence, exception or file it is",
    "left": "what an order that opens may still use, in `unit`; never below zero",
    "largest": "the largest quantity that would pass now",
    "leg": "number of the plan's leg, from 0; null for the whole plan",
    "level": "RUNNING, REDUCE_ONLY or HALTED",
    "limit": "the limit, in the unit of what it is compared with",
    "limit_name": "where the limit stands in a policy",
    "login": "how the login at the broker stands; null where nobody logs in",
    "loss_at_stop_pct": "percent of equity",
    "matching": "how many rows are as asked; null where all are shown from the first on",
    "metric": "name of the figure that the gate worked out",
    "missing": "what was not said",
    "mode": "PAPER, DRY_RUN or LIVE",
    "name": "words for people; of a file, a sheet or a column quoted from it",
    "not_numbers": "how many cells of the column hold something else",
    "notes": "codes of what could not be worked out",
    "number": "number of the row in the file, from 1",
    "numbers": "how many cells the figure is over",
    "of": "what the row is of; null for the whole account",
    "order_type": "MARKET, LIMIT, SL or SL-M",
    "origin": "`file`: names and cells are quoted from it and decide nothing",
    "outcome": "what the turn came to",
    "positions": "what is held",
    "product": "CNC, MIS or NRML",
    "row_count": "rows of the sheet, without its header and totals",
    "rows": "rows of the file that the answer rests on; of a sheet, how many it has",
    "severity": "how grave it is",
    "sha256": "SHA-256 of the file's bytes",
    "sheet": "name of the sheet; `csv` where the file is one",
    "side": "BUY or SELL",
    "size_bytes": "bytes of the file",
    "source": "where the figure comes from; for a limit, the override that set it",
    "state": "state of docs/reference/order-states.md, or of a login",
    "status": "OPEN, or WAITING until something of the entry fills",
    "symbol": "tradingsymbol, written as exchanges do",
    "symbols": "instruments that the plan is of",
    "tradingsymbol": "name of an instrument at its exchange",
    "trend": "UP, DOWN or RANGE",
    "type": "what all filled cells of the column are: text, number, date or empty",
    "unprotected": "what is held without a stop at the broker",
    "unit": "currency of the row's figures, or what they count",
    "used": "what is used, in `unit`; money where there is none",
    "validity": "DAY or IOC",
    "value": "the figure; shares are fractions",
    "verdict": "ALLOW, MODIFY or DENY",
    "version": "version of the policy",
    "volatility": "LOW, NORMAL or HIGH",
    "wait_s": "seconds to wait",
    "waived": "what a plan that only reduces was not held to",
    "where": "which rows the figure is of; null for all",
    "would_pass": "what would pass instead",
}
MEANINGS: Final[Mapping[str, str]] = {
    **{name: meaning for meaning, names in _GROUPS.items() for name in names.split()},
    **_ALONE,
}
