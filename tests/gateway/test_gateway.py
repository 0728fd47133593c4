"""The gateway against a venue that does what the test says, in real processes."""

import pytest

from schemas.enums import OrderStatus, ReportType
from tests.gateway.desk import FIRST, TradingDesk, gateway_plan
from tests.gateway.ouch_venue import OuchVenue
from tests.runtime.deployments import eventually

pytestmark = pytest.mark.system


@pytest.fixture
def venue():
    with OuchVenue() as venue:
        yield venue


def test_an_order_is_sent_acknowledged_and_filled(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        desk.ready()
        desk.new(1)
        ack = desk.wait_reports(1)[0]
        assert ack["report_type"] == ReportType.ACK
        venue.execute(1, 50, 150_3000)
        fill = desk.wait_reports(2)[1]
        print(ack, fill)
        print(desk.lines("gateway"))
        assert desk.stop()
