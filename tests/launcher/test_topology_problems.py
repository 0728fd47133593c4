"""Every mistake in a topology is told by file, line and key, with what to write instead."""

import pytest

from tests.launcher.topology_files import DESK, SAMPLES, overlay, problems, said, write


def test_the_desk_these_tests_change_is_right(tmp_path):
    assert said(overlay(tmp_path, "")) == []


WORDS = [
    # (change to the desk, line of the change that is wrong, what the user reads)
    ("name: 5", 2, 'name: must be a text, not 5 — for the text write "5" in quotes'),
    ("name: my desk", 2, "name: 'my desk' is not a name: a letter, then letters, digits, _ and -, "
                         "at most 32 in all"),
    ("version: 2", 2, "version: must be 1, not 2"),
    ("symbols: []", 2, "symbols: needs 1 or more"),
    ("symbols: [AAPL, aapl]", 2, "symbols[1]: 'aapl' is not a symbol: 1 to 8 capital letters, "
                                 "digits or . + = ^ # * -"),
    ("symbols: [AAPL, MSFT, AAPL]", 2, "symbols[2]: AAPL is listed twice"),
    ("symbol: [AAPL]", 2, "symbol: unknown key — did you mean 'symbols'?"),
    ("defaults:\n  within: 60", 3, "defaults.within: a duration needs a unit: write 60ms or 60s, "
                                   "not 60"),
    ("defaults:\n  within: 0s", 3, "defaults.within: must be longer than 0s"),
    ("defaults:\n  within: 60 sec", 3, "defaults.within: '60 sec' is not a duration: write 50us, "
                                       "10ms, 2s, 1m30s or 1h"),
    ("defaults:\n  restart: on_failure", 3, "defaults.restart: must be no, on-failure or always, "
                                            "not 'on_failure' — did you mean 'on-failure'?"),
    ("defaults:\n  restart: false", 3,
     "defaults.restart: must be no, on-failure or always, not false"),
    ("defaults:\n  max_restarts: 1.5", 3,
     "defaults.max_restarts: must be a whole number, not 1.5"),
    ("defaults:\n  max_restarts: yes", 3,
     "defaults.max_restarts: must be a whole number, not 'yes'"),
    ("defaults:\n  max_restarts: true", 3,
     "defaults.max_restarts: must be a whole number, not true"),
    ("defaults:\n  max_restarts: -1", 3, "defaults.max_restarts: must be at least 0, not -1"),
    ("defaults:\n  backoff: {jitter: 2}", 3,
     "defaults.backoff.jitter: must be at most 1, not 2"),
    ("defaults:\n  backoff: {factor: .inf}", 3,
     "defaults.backoff.factor: must be a finite number, not inf"),
    ("defaults:\n  backoff: {initial: 1s, max: 10ms}", 3,
     "defaults.backoff: max is shorter than initial"),
    ("defaults:\n  on_exhausted: escallate", 3,
     "defaults.on_exhausted: must be isolate, escalate or halt, not 'escallate' — did you mean "
     "'escalate'?"),
    ("defaults:\n  recovery: {budget: 300}", 3,
     "defaults.recovery.budget: a duration needs a unit: write 300ms or 300s, not 300"),
    ("actors:\n  feed: {depends_on: {exchange: {condition: up}}}", 3,
     "actors.feed.depends_on.exchange.condition: must be started, ready or healthy, not 'up'"),
    ("actors:\n  feed: {depends_on: exchange}", 3, "actors.feed.depends_on: must be a list of "
                                                  "actors, or {actor: {condition: ready}}"),
    ("actors:\n  feed: {significant: 1}", 3,
     "actors.feed.significant: must be true or false, not 1"),
    ("defaults:\n  healthcheck: {retrys: 3}", 3,
     "defaults.healthcheck.retrys: unknown key — did you mean 'retries'?"),
    ("actors:\n  feed: {proces: trading}", 3,
     "actors.feed.proces: unknown key — did you mean 'process'?"),
    ("actors:\n  fed: {core: 1}", 3, "actors.fed.class: is missing"),
    ("actors:\n  fed:", 3, "actors.fed: is empty; must be a mapping"),
    ("actors:\n  fed: 5", 3, "actors.fed: must be a mapping, not 5"),
    ("actors:\n  fe ed: {class: a:B}", 3, "actors.fe ed: 'fe ed' is not a name: a letter, then "
                                          "letters, digits, _ and -, at most 32 in all"),
    ("actors:\n  supervisor: {class: a:B}", 3, "actors.supervisor: 'supervisor' is the name of the "
                                               "actor every deployment has anyway"),
    ("actors:\n  feed: {wait: busyspin}", 3, "actors.feed.wait: must be busy_spin, yielding or "
                                             "blocking, not 'busyspin' — did you mean "
                                             "'busy_spin'?"),
    ("actors:\n  feed: {core: last}", 3, "actors.feed.core: must be a whole number, not 'last'"),
    ("groups:\n  g: {strategy: one_for_none, actors: [feed]}", 3,
     "groups.g.strategy: must be one_for_one, one_for_all or rest_for_one, not 'one_for_none' — "
     "did you mean 'one_for_one'?"),
    ("groups:\n  g: {strategy: one_for_one, actors: []}", 3, "groups.g.actors: needs 1 or more"),
    ("breakers:\n  b: {max_failures: 0, reset_timeout: 1s}", 3,
     "breakers.b.max_failures: must be at least 1, not 0"),
    ("breakers:\n  b: {max_failures: 5}", 3, "breakers.b.reset_timeout: is missing"),
    ("breakers:\n  b: {max_failures: 5, reset_timeout: 1s, on_open: panic}", 3,
     "breakers.b.on_open: must be reduce_only, cancel_all or halt, not 'panic'"),
    ("breakers:\n  b: {max_failures: 5, reset_timeout: 1s, max_reset_timeout: 1ms}", 3,
     "breakers.b: max_reset_timeout is shorter than reset_timeout"),
    ("breakers:\n  b: {max_failures: 5, reset_timeout: 1s, failures: [luck]}", 3,
     "breakers.b.failures[0]: must be timeouts, rejects, staleness, gaps, overflow, deaths or "
     "restarts, not 'luck'"),
    ("breakers:\n  b: {max_failures: 5, reset_timeout: 1s, failures: [staleness]}", 3,
     "breakers.b: stale_after goes with failures: [staleness], and the other way round"),
    ("lease: {period: 5ms}", 2, "lease: period is shorter than 20ms: timers wake "
     "up to 4 ms late, and a lease is renewed five times a period"),
    ("lease: {grace: soon}", 2, "lease.grace: 'soon' is not a duration: write 50us, 10ms, "
     "2s, 1m30s or 1h"),
    ("lease: {on_lost: panic}", 2, "lease.on_lost: must be keep or cancel_all, not 'panic'"),
]

CLASSES = [
    ("class: sample_actors.Exchange", "class: 'sample_actors.Exchange' is not "
     "package.module:Class, such as actors.risk:RiskManager"),
    ("class: tests.launcher.sample_actor:Exchange", "class: no module "
     "'tests.launcher.sample_actor' — did you mean 'tests.launcher.sample_actors'?"),
    ("class: acters.exchange:Exchange",
     "class: no module 'acters' — did you mean 'actors'?"),
    (f"class: {SAMPLES}:Exchagne",
     f"class: no class 'Exchagne' in {SAMPLES} — did you mean 'Exchange'?"),
    (f"class: {SAMPLES}:NotAnActor", f"class: {SAMPLES}:NotAnActor is not an actor — an actor's "
     "class derives from actors.runtime.Actor"),
    ("class: broken_strategy:Broken",
     "class: importing broken_strategy failed: ValueError: no threshold, no strategy"),
    ("class: needs_pandas:Frame",
     "class: importing needs_pandas failed: ModuleNotFoundError: No module named 'no_such_pandas'"),
    ("class: ends_the_process:Ends", "class: importing ends_the_process failed: SystemExit: 3"),
]

CONFIGS = [
    ("{windw: 3}", "windw: unknown key — did you mean 'window'?"),
    ("{window: 1}", "window: must be at least 2, not 1"),
    ("{threshold_sigma: hot}", "threshold_sigma: must be a number, not 'hot'"),
    ("{side: left}", "side: string should match pattern 'both|buy|sell'"),
]

WIRES = [
    ("inputs: {market: fed/market}", "inputs.market: no actor 'fed' — did you mean 'feed'?"),
    ("inputs: {market: {source: fed/market}}",
     "inputs.market.source: no actor 'fed' — did you mean 'feed'?"),
    ("inputs: {market: {source: [feed/market, fed/market]}}",
     "inputs.market.source[1]: no actor 'fed' — did you mean 'feed'?"),
    ("inputs: {market: supervisor/market}", "inputs.market: the supervisor has no ports"),
    ("inputs: {market: feed/markt}",
     "inputs.market: feed has no output 'markt' — did you mean 'market'?"),
    ("inputs: {market: feed/x}", "inputs.market: feed has no output 'x' — there is market"),
    ("inputs: {market: exchange/x}",
     "inputs.market: exchange has no output 'x' — exchange has no outputs at all"),
    ("inputs: {market: feed.market}",
     "inputs.market: 'feed.market' is not actor/port: write feed/market"),
    ("inputs: {market: 5}", "inputs.market: must be actor/port, or {source: actor/port, …}, or a "
                            "list of those"),
    ("inputs: {market: [5]}", "inputs.market[0]: must be actor/port, or {source: actor/port, …}"),
    ("inputs: {markte: feed/market}",
     "inputs.markte: strategy has no input 'markte' — did you mean 'market'?"),
    ("inputs: {market: risk/positions}",
     "inputs.market: risk/positions carries Position, but strategy/market takes MarketData — "
     "MarketData comes from feed/market"),
    ("inputs: {market: {source: feed/market, overflow: dropnewest}}",
     "inputs.market.overflow: must be block, drop_newest, latest or fail, not 'dropnewest' — did "
     "you mean 'drop_newest'?"),
    ("inputs: {market: {source: feed/market, capacity: 0}}",
     "inputs.market.capacity: must be at least 1, not 0"),
    ("inputs: {market: {source: feed/market, overflw: fail}}",
     "inputs.market.overflw: unknown key — did you mean 'overflow'?"),
    ("inputs: {market: {sorce: feed/market}}",
     "inputs.market.sorce: unknown key — did you mean 'source'?"),
    ("breaker: venu", "breaker: no breaker 'venu' — did you mean 'venue'?"),
    ("inputs: {market: {source: feed/market, breaker: venu}}",
     "inputs.market.breaker: no breaker 'venu' — did you mean 'venue'?"),
    ("inputs: {market: {source: feed/market, transport: inproc}}",
     "inputs.market.transport: inproc joins actors of one process, but feed runs in 'feed' and "
     "strategy in 'strategy' — use shm, ipc or tcp, or give both actors one process"),
    ("inputs: {market: {source: feed/market, transport: tcp}}",
     "inputs.market.transport: a tcp wire needs an address — add address: host:port, where the "
     "consumer binds"),
    ("inputs: {market: {source: feed/market, address: 127.0.0.1:9}}",
     "inputs.market.address: only a tcp wire has an address; this one is ipc — add transport: tcp, "
     "or remove it"),
    ("inputs: {market: {source: feed/market, transport: tcp, address: localhost}}",
     "inputs.market.address: 'localhost' is not host:port, such as 127.0.0.1:9000"),
    ("inputs: {market: {source: feed/market, transport: tcp, address: '*:99'}}",
     "inputs.market.address: '*:99' can be listened on, not connected to: name the host"),
    ("inputs: {market: {source: feed/market, transport: udp}}",
     "inputs.market.transport: must be inproc, shm, ipc or tcp, not 'udp'"),
]


@pytest.mark.parametrize(("change", "line", "message"), WORDS)
def test_a_word_that_is_wrong(tmp_path, change, line, message):
    assert f"topology.yaml:{line}: {message}" in said(overlay(tmp_path, change))


@pytest.mark.parametrize(("change", "message"), CLASSES)
def test_a_class_that_cannot_be_had(tmp_path, change, message):
    write(tmp_path, "raise ValueError('no threshold, no strategy')", "broken_strategy.py")
    write(tmp_path, "import no_such_pandas", "needs_pandas.py")
    write(tmp_path, "raise SystemExit(3)", "ends_the_process.py")
    path = overlay(tmp_path, f"actors:\n  exchange:\n    {change}")
    assert said(path) == [f"topology.yaml:4: actors.exchange.{message}"]


@pytest.mark.parametrize(("config", "message"), CONFIGS)
def test_a_config_that_its_actor_refuses(tmp_path, config, message):
    path = overlay(tmp_path, f"actors:\n  strategy:\n    config: {config}")
    assert said(path) == [f"topology.yaml:4: actors.strategy.config.{message}"]


def test_a_key_deep_in_a_config(tmp_path):
    path = overlay(tmp_path, "actors:\n  risk:\n    config:\n      limits: {ordersize: 5}")
    assert said(path) == ["topology.yaml:5: actors.risk.config.limits.ordersize: unknown key — "
                          "did you mean 'order_size'?"]


@pytest.mark.parametrize(("inputs", "message"), WIRES)
def test_a_wire_that_cannot_be(tmp_path, inputs, message):
    path = overlay(tmp_path, f"""\
        breakers:
          venue: {{max_failures: 5, reset_timeout: 1s}}
        actors:
          strategy:
            {inputs}
        """)
    assert f"topology.yaml:6: actors.strategy.{message}" in said(path)
    assert all(p.startswith("topology.yaml:6: ") for p in said(path))


# ---- what only the whole deployment shows --------------------------------------------------------

def test_an_input_that_nothing_feeds(tmp_path):
    path = overlay(tmp_path, "actors:\n  risk:\n    inputs: {orders: null}")
    assert said(path) == ["topology.yaml:4: actors.risk.inputs: input 'orders' is not wired — "
                          "OrderCommand comes from strategy/orders or risk/approved"]


def test_an_input_that_need_not_be_fed(tmp_path):
    assert said(overlay(tmp_path, "actors:\n  risk:\n    inputs: {market: feed/market}")) == []


def test_two_wires_on_a_port_for_one(tmp_path):
    path = overlay(tmp_path, "actors:\n  strategy:\n    inputs: {reports: [risk/reports, "
                             "gateway/reports]}")
    assert said(path) == ["topology.yaml:4: actors.strategy.inputs.reports: takes one wire, and 2 "
                          "end here: risk/reports and gateway/reports"]


def test_one_wire_named_twice(tmp_path):
    path = overlay(tmp_path, "actors:\n  risk:\n    inputs: {orders: [strategy/orders, "
                             "{source: strategy/orders}]}")
    assert said(path) == ["topology.yaml:4: actors.risk.inputs.orders[1].source: strategy/orders "
                          "is wired to risk/orders twice"]


def test_a_circle_of_wires_that_block_is_a_deadlock(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          risk:
            inputs: {orders: {source: strategy/orders, overflow: block}}
        """)
    assert said(path) == [
        "topology.yaml:4: actors.risk.inputs.orders.overflow: deadlock: risk → strategy → risk "
        "are all wires that block, so each of these actors can wait for the next one for ever — "
        "give one of these wires overflow: fail, drop_newest or latest"]


def test_an_actor_that_feeds_itself_may_not_wait_for_itself(tmp_path):
    loop = f"watch: {{class: '{SAMPLES}:Watcher', inputs: {{alerts: watch/alerts}}}}"
    (message,) = said(overlay(tmp_path, f"actors:\n  {loop}"))
    assert "deadlock: watch → watch" in message


def test_latest_needs_a_symbol(tmp_path):
    watch = "{source: w/alerts, overflow: latest}"
    path = overlay(tmp_path, f"actors:\n  w:\n    class: {SAMPLES}:Watcher\n"
                             f"    inputs: {{alerts: {watch}}}")
    assert said(path) == ["topology.yaml:5: actors.w.inputs.alerts.overflow: latest keeps the "
                          "newest message per symbol, but Alert has no symbol — use drop_newest, "
                          "block or fail"]


def test_start_order_that_goes_in_a_circle(tmp_path):
    path = overlay(tmp_path, "actors:\n  exchange: {depends_on: [gateway]}")
    assert said(path) == ["topology.yaml:3: actors.exchange.depends_on: exchange → gateway → "
                          "exchange: each waits for the next to start first"]


def test_start_order_that_goes_in_a_circle_of_processes(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          exchange: {process: a}
          feed: {process: b}
          gateway: {process: a, depends_on: [feed]}
        """)
    assert said(path) == [
        "desk.yaml:9: actors.feed.depends_on: a process starts with all its actors, and of "
        "b → a → b each waits for the next"]


def test_depends_on_nobody_under_a_condition(tmp_path):
    path = overlay(tmp_path, "actors:\n  feed:\n    depends_on: {exchagne: {condition: ready}}")
    assert said(path) == ["topology.yaml:4: actors.feed.depends_on.exchagne: no actor 'exchagne' "
                          "— did you mean 'exchange'?"]


def test_depends_on_nobody(tmp_path):
    path = overlay(tmp_path, "actors:\n  feed:\n    depends_on: [exchange, exchagne]")
    assert said(path) == ["topology.yaml:4: actors.feed.depends_on[1]: no actor 'exchagne' — did "
                          "you mean 'exchange'?"]


def test_groups_of_unknown_and_doubled_actors(tmp_path):
    path = overlay(tmp_path, """\
        groups:
          a:
            strategy: one_for_one
            actors: [feed, riks, feed]
          b:
            strategy: one_for_all
            actors: [feed]
        """)
    assert said(path) == [
        "topology.yaml:5: groups.a.actors[1]: no actor 'riks' — did you mean 'risk'?",
        "topology.yaml:5: groups.a.actors[2]: feed is listed twice",
        "topology.yaml:8: groups.b.actors[0]: feed is in group 'a' already — an actor is in one "
        "group at most"]


@pytest.mark.parametrize("core", [4, -5, 99])
def test_a_core_the_machine_lacks(tmp_path, core):
    path = overlay(tmp_path, f"actors:\n  feed: {{core: {core}}}")
    assert said(path) == [f"topology.yaml:3: actors.feed.core: this machine has no core {core} — "
                          "it has cores 0-3; -1 is the last of any machine"]


def test_a_core_said_for_a_thread_and_for_a_process(tmp_path):
    path = overlay(tmp_path, """\
        processes:
          feed:
            core: 8
            threads: {main: {core: 9}}
        """)
    assert [m.partition(" — ")[0] for m in said(path)] == [
        "topology.yaml:4: processes.feed.core: this machine has no core 8",
        "topology.yaml:5: processes.feed.threads.main.core: this machine has no core 9"]


def test_processes_and_threads_that_nobody_runs_in(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          feed: {process: trading, thread: hot}
        processes:
          tradng: {core: 0}
          trading:
            threads: {hto: {core: 1}}
        """)
    assert said(path) == [
        "topology.yaml:5: processes.tradng: no actor runs in process 'tradng' — did you mean "
        "'trading'?",
        "topology.yaml:7: processes.trading.threads.hto: no actor runs on thread 'hto' of process "
        "'trading' — did you mean 'hot'?"]


def test_actors_of_one_thread_that_want_different_things(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          feed: {process: trading, core: 0, spin: 5us}
          risk:
            process: trading
            core: 1
            spin: 1ms
        """)
    assert said(path) == [
        "topology.yaml:6: actors.risk.core: 1, but feed says 0, and both run on thread 'main' of "
        "process 'trading' — say processes.trading.core to decide for all",
        "topology.yaml:7: actors.risk.spin: 1ms, but feed says 5us, and both run on thread 'main' "
        "of process 'trading' — say processes.trading.spin to decide for all"]


def test_actors_of_one_process_that_restart_differently(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          feed: {process: trading}
          risk: {process: trading, restart: always}
        """)
    assert said(path) == [
        "topology.yaml:4: actors.risk: its restart policy differs from that of feed, but both run "
        "in process 'trading', which restarts as one — say the same for both, or say it in "
        "defaults"]


def test_threads_that_would_spin_against_each_other(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          feed: {wait: busy_spin, core: -1}
          risk: {wait: busy_spin, core: 3}
          gateway: {wait: busy_spin, core: 2}
        """)
    assert said(path) == [
        "topology.yaml:4: actors.risk.wait: threads feed.main and risk.main both busy_spin on core "
        "3: each would wait for the other's time slice — let one of them be yielding, or give it "
        "another core"]


def test_a_plain_actor_on_the_thread_of_a_compiled_one(tmp_path):
    relays = "tests.runtime.relay_actors"
    path = write(tmp_path, f"""\
        version: 1
        name: mixed
        symbols: [AAPL]
        actors:
          source: {{class: "{relays}:Source", process: p}}
          echo:
            class: {SAMPLES}:FeedHandler
            process: p
        """)
    assert said(path) == [
        "topology.yaml:6: actors.echo: echo is plain Python and cannot share thread 'main' of "
        "process 'p' with source, which is compiled — give one of them a thread of its own: "
        "thread: NAME"]


def test_a_blocking_wire_without_room_for_what_may_come_at_once(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          risk:
            inputs:
              reports: {source: gateway/reports, capacity: 4}
        """)
    assert said(path) == [
        "topology.yaml:5: actors.risk.inputs.reports.capacity: a capacity of 4 is too small for a "
        "wire that blocks: gateway/reports may send 8 messages at once — give it 8 or more"]


def test_two_servers_on_one_address_of_one_config(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          exchange:
            config:
              order_entry: 127.0.0.1:9000
              market_data: localhost:9000
        """)
    assert said(path) == [
        "topology.yaml:6: actors.exchange.config.market_data: localhost:9000 is bound by exchange "
        "(order_entry) already — use another port"]


def test_two_servers_on_one_address_that_nobody_said_twice(tmp_path):
    second = f"{{class: '{SAMPLES}:Exchange', config: {{order_entry: '*:9001', mirrors: " \
             "['127.0.0.1:1', '127.0.0.1:0', '127.0.0.1:0']}}"
    path = overlay(tmp_path, f"actors:\n  exchange_2: {second}")
    assert sorted(said(path)) == [
        "topology.yaml:3: actors.exchange_2.config.market_data: 127.0.0.1:9001 is bound by "
        "exchange (market_data) already — use another port",
        "topology.yaml:3: actors.exchange_2.config.order_entry: *:9001 is bound by exchange "
        "(market_data) already — use another port"]


def test_a_tcp_wire_on_the_address_of_a_server(tmp_path):
    path = overlay(tmp_path, """\
        actors:
          strategy:
            inputs:
              market:
                source: feed/market
                transport: tcp
                address: 127.0.0.1:9001
        """)
    assert said(path) == [
        "topology.yaml:8: actors.strategy.inputs.market.address: 127.0.0.1:9001 is bound by "
        "exchange (market_data) already — use another port"]


def test_a_run_folder_too_deep_for_a_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("PITWIRE_RUNTIME_DIR", "/tmp/" + "x" * 90)
    (message,) = said(overlay(tmp_path, ""))
    assert message.startswith("desk.yaml:12: actors.strategy.inputs.market: the path of its ipc "
                              "socket is ")
    assert message.endswith("— set PITWIRE_RUNTIME_DIR to a shorter folder")


# ---- all of them at once -------------------------------------------------------------------------

def test_every_mistake_is_told_at_once_in_the_order_of_the_file(tmp_path):
    path = write(tmp_path, f"""\
        version: 1
        name: desk
        symbols: [AAPL, msft]
        defaults: {{within: 60}}
        actors:
          feed:
            class: {SAMPLES}:FeedHandlr
          strategy:
            class: {SAMPLES}:MeanReversion
            inputs: {{market: fed/market, reports: risk/report}}
            config: {{windw: 3}}
            cpu: 3
          risk:
            clas: {SAMPLES}:RiskManager
            inputs: {{orders: strategy/orders}}
        groups:
          trading: {{strategy: one_for_al, actors: [feeed, risk]}}
        """)
    assert [(p.line, p.key) for p in problems(path)] == [
        (3, "symbols[1]"), (4, "defaults.within"), (7, "actors.feed.class"),
        (10, "actors.strategy.inputs.market"), (11, "actors.strategy.config.windw"),
        (12, "actors.strategy.cpu"), (14, "actors.risk.clas"), (17, "groups.trading.strategy")]


def test_a_mistake_in_an_extended_file_is_told_there_and_those_of_this_file_come_first(tmp_path):
    write(tmp_path, DESK.replace("feed/market", "fed/market"), "desk.yaml")
    path = write(tmp_path, "extends: desk.yaml\nactors:\n  monitor: {class: a}\n")
    assert [m.partition(" ")[0] for m in said(path)] == ["topology.yaml:3:", "desk.yaml:12:"]


def test_nothing_right_at_all(tmp_path):
    assert said(write(tmp_path, "x: 1")) == [
        "topology.yaml:1: version: is missing", "topology.yaml:1: name: is missing",
        "topology.yaml:1: symbols: is missing", "topology.yaml:1: actors: is missing",
        "topology.yaml:1: x: unknown key — there is version, name, symbols, defaults, actors, "
        "groups, breakers, lease, processes or on_launcher_exit"]
