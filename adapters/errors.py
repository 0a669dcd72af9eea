"""What can go wrong at a broker, named by what the caller does next."""


class BrokerError(Exception):
    """A broker call did not give what was asked."""

    code = "BROKER_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OrderRejected(BrokerError):
    """The broker refused the order; final, nothing rests there."""

    code = "ORDER_REJECTED"


class BrokerUnavailable(BrokerError):
    """The call surely did not reach the broker; nothing was sent."""

    code = "BROKER_UNAVAILABLE"


class OutcomeUnknown(BrokerError):
    """The call may have reached the broker; look the tag up, never send again."""

    code = "OUTCOME_UNKNOWN"


class PaperStoreUnavailable(Exception):
    """The paper broker's store did not answer; a save may or may not have been kept."""

    code = "PAPER_STORE_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MarketDataUnavailable(Exception):
    """No price can be had for an instrument; decide nothing from it."""

    code = "MARKET_DATA_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class LoginVaultUnavailable(Exception):
    """The store of logins did not answer, or what it holds cannot be read with this secret."""

    code = "LOGIN_VAULT_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelError(Exception):
    """A language model gave no answer that can be used."""

    code = "MODEL_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelUnavailable(ModelError):
    """The model's endpoint cannot be reached, is too slow, or is out of quota."""

    code = "MODEL_UNAVAILABLE"


class ModelRefused(ModelError):
    """The endpoint takes no such request, or the model will not answer it."""

    code = "MODEL_REFUSED"


class ModelReplyInvalid(ModelError):
    """What came back is no answer: too long, cut off, or not in the endpoint's own form."""

    code = "MODEL_REPLY_INVALID"


class OutboundBlocked(ModelError):
    """The request held what must not leave this machine; nothing was sent."""

    code = "OUTBOUND_BLOCKED"
