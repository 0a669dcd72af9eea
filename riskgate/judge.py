"""The judgement of one order: every rule asked, every breach kept, the verdict and its figures."""

from collections.abc import Iterator
from decimal import Decimal, getcontext, setcontext
from typing import Final, NamedTuple

from riskgate.book import Book
from riskgate.contracts.decisions import Verdict
from riskgate.facts import Candidate, Listing, Situation
from riskgate.figures import EXACT, ratio
from riskgate.policy import PEER_VERSION, Mode, Policy, Scope, scope_of
from riskgate.rules import RULES
from riskgate.rules.base import Breach, Rule
from riskgate.weigh import Facts

_ORDER_RULES: Final = tuple(rule for rule in RULES if isinstance(rule, Rule))
_POSITION: Final = "EXP-001"
_MOST_REDUCTIONS: Final = 6
_MOST_SCOPES: Final = 10_000


class Finding(NamedTuple):
    """A rule and how it was breached."""

    rule: Rule
    breach: Breach


class Figure(NamedTuple):
    """One figure behind a verdict, beside the limit in force and the override it came from.

    `loosened` says that the override lets more pass than the policy's own limit.
    """

    metric: str
    value: Decimal
    limit: Decimal | int | None = None
    source: str | None = None
    loosened: bool = False


class Judgement(NamedTuple):
    """What the gate says of one order.

    `findings` decide; `waived` are breaches that an order which only lowers exposure passes.
    `allowed` is the largest quantity that passes, with MODIFY. `trips` says that a rule fired which
    turns the kill switch on.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    waived: tuple[Finding, ...]
    evidence: tuple[Figure, ...]
    allowed: Decimal | None
    trips: bool
    facts: Facts

    @property
    def rule_ids(self) -> tuple[str, ...]:
        return tuple(finding.rule.rule_id for finding in self.findings)


class Ruling(NamedTuple):
    """What holds for one symbol and strategy: its limits, and the rules that they turn on."""

    scope: Scope
    rules: tuple[Rule, ...]
    metrics: tuple[tuple[str, Decimal | int | None, str | None, bool], ...]


class Judge:
    """A policy made ready: scopes and their rules are worked out once and kept.

    Holds no state of any account; the same order, book and situation give the same judgement.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.policy_hash = policy.policy_hash
        self._trips = policy.tripping_rules
        # In the peer's version only a breach of the position cap ever makes a MODIFY.
        self._only_position = policy.version == PEER_VERSION
        self._monitors = policy.mode is Mode.MONITOR
        self._rulings: dict[tuple[tuple[str, ...], str, bool], Ruling] = {}

    def judge(self, candidate: Candidate, book: Book, situation: Situation) -> Judgement:
        """Judge one order against a book. Nothing is changed and nothing is raised for a denial."""
        before = getcontext()
        setcontext(EXACT)
        try:
            ruling = self.ruling(candidate.listing, candidate.strategy_id)
            facts = Facts(ruling.scope, candidate, book, situation)
            findings, waived = _ask(ruling.rules, facts)
            evidence = _evidence(ruling, facts)
            if self._monitors and waived:
                # What only monitors refuses nothing, so it shows what an exit would be let pass.
                findings, waived = _in_order((*findings, *waived)), ()
            allowed = None
            if not findings:
                verdict = Verdict.ALLOW
            elif self._monitors:
                verdict = _monitored(findings)
            else:
                allowed = self._largest(facts, findings)
                verdict = Verdict.DENY if allowed is None else Verdict.MODIFY
            found = (*findings, *waived)
            trips = bool(found) and verdict is not Verdict.MODIFY and self._tripped(found)
            return Judgement(verdict, findings, waived, evidence, allowed, trips, facts)
        finally:
            setcontext(before)

    def ruling(self, listing: Listing, strategy_id: str) -> Ruling:
        """Return the limits and rules for an instrument and strategy."""
        key = (listing.names, strategy_id, listing.listed)
        found = self._rulings.get(key)
        if found is None:
            if len(self._rulings) >= _MOST_SCOPES:
                self._rulings.clear()
            found = self._rulings[key] = _ruling(self.policy, listing, strategy_id)
        return found

    def breaches(
        self, candidate: Candidate, book: Book, situation: Situation
    ) -> tuple[Finding, ...]:
        """Return only what would refuse an order: for trying changes of it."""
        return self._asked(candidate, book, situation)[0]

    def _asked(
        self, candidate: Candidate, book: Book, situation: Situation
    ) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        ruling = self.ruling(candidate.listing, candidate.strategy_id)
        return _ask(ruling.rules, Facts(ruling.scope, candidate, book, situation))

    def _largest(self, facts: Facts, findings: tuple[Finding, ...]) -> Decimal | None:
        """Return the largest smaller quantity that passes every rule, judged again; None if none.

        Each rule says what it would pass alone; the least of those is tried until all agree.
        """
        candidate = facts.candidate
        if self._only_position and all(f.rule.rule_id != _POSITION for f in findings):
            return None
        for _round in range(_MOST_REDUCTIONS):
            least = candidate.quantity
            for rule, breach in findings:
                if not rule.reduces or breach.allowed is None:
                    return None
                least = min(least, breach.allowed)
            if least <= 0 or least >= candidate.quantity:
                return None
            candidate = resized(candidate, least)
            findings, waived = self._asked(candidate, facts.book, facts.situation)
            if not findings:
                # There, what an exit is let pass is no room for a smaller order.
                return None if self._only_position and waived else least
        return None

    def _tripped(self, findings: tuple[Finding, ...]) -> bool:
        return any(finding.rule.rule_id in self._trips for finding in findings)


def resized(candidate: Candidate, quantity: Decimal) -> Candidate:
    """Return the order with another quantity, cut again where it goes out in slices."""
    if not candidate.slices:
        return candidate._replace(quantity=quantity)
    largest = max(candidate.slices)
    whole, rest = EXACT.divmod(quantity, largest)
    return candidate._replace(
        quantity=quantity, slices=(largest,) * int(whole) + ((rest,) if rest else ())
    )


def _ask(rules: tuple[Rule, ...], facts: Facts) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    found = [(rule, breaches) for rule in rules if (breaches := rule.check(facts))]
    if not found:
        return (), ()
    all_of_them = [Finding(rule, breach) for rule, breaches in found for breach in breaches]
    if not facts.reduces:
        return tuple(all_of_them), ()
    waived = [f for f in all_of_them if f.rule.exits_pass and not f.breach.binding]
    return tuple(f for f in all_of_them if f not in waived), tuple(waived)


def _in_order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: _ORDER_RULES.index(finding.rule)))


def _monitored(findings: tuple[Finding, ...]) -> Verdict:
    """Return what a policy that only monitors says: wrong facts and HALTED hold there too."""
    holds = any(finding.rule.facts or finding.breach.always for finding in findings)
    return Verdict.DENY if holds else Verdict.ALLOW


def _ruling(policy: Policy, listing: Listing, strategy_id: str) -> Ruling:
    scope = scope_of(policy, listing.names, strategy_id)
    rules = tuple(
        rule
        for rule in _ORDER_RULES
        if rule.is_on(scope.limits) and (listing.listed or not rule.listed)
    )
    return Ruling(scope, rules, tuple(_metrics(scope)))


_SHOWN: Final = (
    ("daily_return", "loss.daily_loss_limit_pct"),
    ("drawdown", "loss.max_drawdown_pct"),
    ("new_position_pct", "exposure.max_position_pct"),
    ("gross_exposure_x", "exposure.max_gross_exposure_x"),
    ("net_exposure_x", "exposure.max_net_exposure_x"),
)


def _metrics(scope: Scope) -> Iterator[tuple[str, Decimal | int | None, str | None, bool]]:
    for metric, path in _SHOWN:
        block, field = path.split(".")
        limit = getattr(getattr(scope.limits, block), field)
        if metric == "daily_return" and limit is not None:
            limit = -limit
        yield metric, limit, scope.sources.get(path), path in scope.loosened


def _evidence(ruling: Ruling, f: Facts) -> tuple[Figure, ...]:
    """List the figures behind a verdict in a fixed order; unknown ones are left out."""
    account, equity = f.account, f.account.equity
    if equity is None or equity <= 0:
        return ()
    daily, drawdown, position, gross, net = ruling.metrics
    figures: list[Figure] = []
    add = figures.append
    if account.daily_return is not None:
        add(_figure(Figure, (daily[0], account.daily_return, *daily[1:])))
    if account.drawdown is not None:
        add(_figure(Figure, (drawdown[0], account.drawdown, *drawdown[1:])))
    if f.position_after is not None:
        add(_figure(Figure, (position[0], ratio(f.position_after, equity), *position[1:])))
        if not f.book.unpriced and f.gross_after is not None and f.net_after is not None:
            add(_figure(Figure, (gross[0], ratio(f.gross_after, equity), *gross[1:])))
            add(_figure(Figure, (net[0], ratio(f.net_after, equity), *net[1:])))
    return tuple(figures)


# Half the time of Figure(...), which is most of what evidence costs.
_figure: Final = tuple.__new__
