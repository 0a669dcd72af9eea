"""Two servers on one database would end each other's turns, so only one may serve."""

import pytest

from app.persistence.location import DatabaseLocation
from app.persistence.serving import AlreadyServed, serving_alone


def test_only_one_process_serves_a_database_until_it_lets_go(location: DatabaseLocation) -> None:
    with (
        serving_alone(location.app_conninfo),
        pytest.raises(AlreadyServed),
        serving_alone(location.app_conninfo, tries=1),
    ):
        pytest.fail("two processes would serve one database")
    with serving_alone(location.app_conninfo, tries=1):
        pass
