"""Market data: what ITCH says is what happened at the order entry port."""

import random

from schemas.venue import itch50, soupbintcp
from tests.exchange.itch_book import ItchBook
from tests.exchange.venues import SYMBOLS, RunningExchange
from tests.runtime.deployments import eventually


def public_book(exchange, viewer=None) -> ItchBook:
    """The book from everything published so far."""
    viewer = viewer or exchange.viewer(1)
    book = ItchBook()
    while viewer.next_sequence <= exchange.counter("md_messages"):
        book.apply(viewer.update())
    return book


def test_the_day_opens_with_the_directory_and_trading_states(exchange):
    viewer = exchange.viewer(1)
    opening = viewer.updates(3 + 2 * len(SYMBOLS))
    kinds = [m["type"] for m in opening]
    assert kinds == ["S", *"R" * len(SYMBOLS), *"H" * len(SYMBOLS), "S", "S"]
    assert [m["event_code"] for m in opening if m["type"] == "S"] == ["O", "S", "Q"]
    directory = {m["stock"]: m["stock_locate"] for m in opening if m["type"] == "R"}
    assert directory == {symbol: n + 1 for n, symbol in enumerate(SYMBOLS)}
    assert {m["stock"] for m in opening if m.get("trading_state") == "T"} == set(SYMBOLS)


def test_each_change_of_the_book_is_one_message(exchange):
    viewer, buyer, seller = exchange.viewer(), exchange.trader(), exchange.trader("DESK02")
    bid = buyer.enter("B", 100, "AAPL", 1_000_000)
    number = buyer.expect("A")["order_reference_number"]
    added = viewer.update()
    assert (added["type"], added["order_reference_number"]) == ("A", number)
    assert (added["stock"], added["stock_locate"]) == ("AAPL", 1)
    assert (added["buy_sell_indicator"], added["shares"], added["price"]) == ("B", 100, 1_000_000)

    seller.enter("S", 30, "AAPL", 1_000_000, time_in_force="3")
    match = seller.expect("A", "E")["match_number"]
    executed = viewer.update()
    assert (executed["type"], executed["order_reference_number"]) == ("E", number)
    assert (executed["executed_shares"], executed["match_number"]) == (30, match)

    buyer.cancel(bid, 80)
    reduced = viewer.update()
    assert (reduced["type"], reduced["cancelled_shares"]) == ("X", 20)

    buyer.replace(bid, 90, 1_010_000)
    replacement = buyer.expect("E", "C", "U")
    replaced = viewer.update()
    assert replaced["type"] == "U"
    assert replaced["original_order_reference_number"] == number
    assert replaced["new_order_reference_number"] == replacement["order_reference_number"]
    assert (replaced["shares"], replaced["price"]) == (60, 1_010_000)

    buyer.cancel(replacement["user_ref_num"])
    deleted = viewer.update()
    assert deleted["type"] == "D"
    assert deleted["order_reference_number"] == replacement["order_reference_number"]
    for message in (added, executed, reduced, replaced, deleted):
        assert (message["stock_locate"], message["tracking_number"]) == (1, 0)
    assert added["timestamp"] < executed["timestamp"] < deleted["timestamp"]


def test_an_order_that_never_rests_is_never_shown(exchange):
    viewer, buyer = exchange.viewer(), exchange.trader()
    buyer.enter("B", 100, "AAPL", 1_000_000, time_in_force="3")
    buyer.enter("B", 100, "NOSUCH", 1_000_000)
    buyer.enter("B", 7, "AAPL", 1_000_000)
    assert viewer.update()["shares"] == 7


class OuchView:
    """What one trader can know of its orders from OUCH alone."""

    def __init__(self, trader):
        self.trader = trader
        self.open: dict[int, list] = {}  # UserRefNum -> [order reference, side, price, leaves]

    def catch_up(self) -> None:
        for reply in self.trader.sync():
            self.apply(reply)

    def apply(self, reply: dict) -> None:
        if reply["type"] == "A":
            self.open[reply["user_ref_num"]] = self._row(reply)
        elif reply["type"] == "U":
            del self.open[reply["orig_user_ref_num"]]
            self.open[reply["user_ref_num"]] = self._row(reply)
        elif reply["type"] in "EC":
            row = self.open[reply["user_ref_num"]]
            row[3] -= reply["quantity"]
            assert row[3] >= 0
            if row[3] == 0:
                del self.open[reply["user_ref_num"]]

    @staticmethod
    def _row(reply):
        return [reply["order_reference_number"], reply["side"], reply["price"], reply["quantity"]]


def test_the_public_book_is_the_sum_of_what_traders_know(exchange):
    """Two traders act at random for a while; ITCH and OUCH must agree on every open order."""
    choose = random.Random(7)
    views = [OuchView(exchange.trader(name)) for name in ("DESK01", "DESK02")]
    for step in range(1_200):
        view = choose.choice(views)
        trader, prices = view.trader, range(1_000_000, 1_001_100, 100)
        action = choose.random()
        if action < 0.55 or not view.open:
            trader.enter(choose.choice("BS"), choose.randint(1, 300), choose.choice(SYMBOLS),
                         choose.choice(prices), time_in_force=choose.choice("0003"))
        elif action < 0.75:
            trader.cancel(choose.choice(list(view.open)), choose.choice([0, 0, 50, 150]))
        else:
            trader.replace(choose.choice(list(view.open)), choose.randint(1, 300),
                           choose.choice(prices))
        if step % 10 == 0:
            for each in views:
                each.catch_up()
    for view in views:
        view.catch_up()
    known = {row[0]: tuple(row[1:]) for view in views for row in view.open.values()}
    assert len(known) > 3
    book = public_book(exchange)
    assert {n: (o.side, o.price, o.shares) for n, o in book.orders.items()} == known
    assert book.matches == sorted(set(book.matches))
    for symbol in SYMBOLS:
        bid, ask = book.best(symbol)
        assert bid < ask or ask == 0


def test_a_viewer_who_comes_back_misses_nothing_and_hears_nothing_twice(exchange):
    trader, steady, fickle = exchange.trader(), exchange.viewer(), exchange.viewer()
    heard = []
    for n in range(60):
        trader.enter("B", n + 1, "AAPL", 900_000)
        if n % 20 == 19:
            expected = n - n % 20 + 10
            while len(heard) < expected:
                heard.append(fickle.message())
            fickle.close()  # with messages unread
            again = exchange.market_client().start(fickle.next_sequence)
            assert again.next_sequence == fickle.next_sequence
            fickle = again
    while len(heard) < 60:
        heard.append(fickle.message())
    assert heard == [steady.message() for _ in range(60)]
    assert [itch50.decode(m)["shares"] for m in heard] == list(range(1, 61))


def test_the_day_ends_with_its_last_messages_and_the_end_of_session(tmp_path):
    with RunningExchange(tmp_path) as exchange:
        trader, viewer = exchange.trader(), exchange.viewer()
        trader.enter("B", 100, "AAPL", 1_000_000)
        assert viewer.update()["type"] == "A"
        assert exchange.stop() == {"exchange": 0}
        assert viewer.update()["event_code"] == "M"
        assert viewer.update()["type"] == "D"
        assert [viewer.update()["event_code"] for _ in range(2)] == ["E", "C"]
        assert viewer.wait_closed() == [(soupbintcp.END_OF_SESSION, b"")]
        assert trader.expect("A", "C", "S")["event_code"] == "E"
        assert trader.wait_closed() == [(soupbintcp.END_OF_SESSION, b"")]
        assert exchange.logged("market closed", "1 orders", "0 trades")


def test_a_restart_that_clears_begins_a_new_session(tmp_path):
    with RunningExchange(tmp_path, on_restart="clear") as exchange:
        trader = exchange.trader()
        trader.enter("B", 100, "AAPL", 1_000_000)
        trader.expect("A")
        exchange.kill("exchange")
        exchange.start("exchange")
        eventually(lambda: exchange.vitals("exchange").header["epoch"] == 2, 60)
        exchange.wait_ready()
        exchange.expect_log("restarted", "new day")
        late = exchange.order_client()
        answer = late.login(session=trader.session)
        assert answer.reason == soupbintcp.LoginRejectReason.SESSION_NOT_AVAILABLE
        again = exchange.trader()
        assert again.session != trader.session and again.next_ref == 1
        viewer = exchange.viewer(1)
        assert viewer.until(lambda m: m.get("event_code") == "Q")[0]["event_code"] == "O"
        again.enter("S", 1, "MSFT", 2_000_000)
        assert again.expect("A")["order_reference_number"] == 1
        assert viewer.update()["stock"] == "MSFT"  # and nothing of the day before
