"""A stand-in of the Kite MCP server over HTTP: `async with running(KiteStandin(...)) as kite`."""

from tests.fakes.kite_standin.master import KiteMaster as KiteMaster
from tests.fakes.kite_standin.server import KiteStandin as KiteStandin
from tests.fakes.kite_standin.server import in_a_thread as in_a_thread
from tests.fakes.kite_standin.server import running as running
from tests.fakes.kite_standin.troubles import ANY as ANY
from tests.fakes.kite_standin.troubles import Kind as Kind
from tests.fakes.kite_standin.troubles import Trouble as Trouble
