"""Addresses in configs: what is one, which of them are bound, and which bindings collide."""

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.actor import Config
from actors.runtime.addresses import (
    ConnectAddress, ListenAddress, addresses_clash, listen_addresses, split_address,
)


class Session(Config):
    port: ListenAddress = "127.0.0.1:7000"
    peer: ConnectAddress = "127.0.0.1:7001"


class Venue(Config):
    order_entry: ListenAddress = "127.0.0.1:9000"
    drop_copy: ListenAddress | None = None
    lines: tuple[ListenAddress, ...] = ()
    sessions: dict[str, Session] = {}
    upstream: ConnectAddress = "venue.example.org:443"
    comment: str = "127.0.0.1:1"


@pytest.mark.parametrize(("address", "parts"), [
    ("127.0.0.1:9000", ("127.0.0.1", 9000)), ("localhost:0", ("localhost", 0)),
    ("*:65535", ("*", 65535)), ("[::1]:80", ("[::1]", 80)), ("a-b.c_d:1", ("a-b.c_d", 1)),
])
def test_host_and_port(address, parts):
    assert split_address(address) == parts


@pytest.mark.parametrize(("address", "message"), [
    ("9000", "is not host:port"), ("localhost", "is not host:port"), ("a:b", "is not host:port"),
    ("a:-1", "is not host:port"), ("a:65536", "port 65536 is above 65535"),
    ("a:99999999999", "is above 65535"), (":80", "'' is not a host"),
    ("::1:80", "put an IPv6 host in brackets"), ("tcp://a:80", "'tcp://a' is not a host"),
    ("a b:80", "'a b' is not a host"), ("a:٣", "is not host:port"),
])
def test_what_is_no_address(address, message):
    with pytest.raises(ValueError, match=message):
        split_address(address)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        host, port = split_address(text)
    except ValueError:
        return
    assert 0 <= port <= 65535
    assert host


@pytest.mark.parametrize("address", ["*:80", "0.0.0.0:80", "[::]:80", "localhost:0"])
def test_nobody_connects_to_every_host_or_to_no_port(address):
    with pytest.raises(pydantic.ValidationError):
        Session(peer=address)
    assert Session(port=address).port == address


def test_what_a_config_binds_is_found_wherever_it_stands():
    venue = Venue(drop_copy="*:9002", lines=("a:1", "b:2"), sessions={"x": {"port": "c:3"}})
    assert list(listen_addresses(venue)) == [
        (("order_entry",), "127.0.0.1:9000"), (("drop_copy",), "*:9002"), (("lines", 0), "a:1"),
        (("lines", 1), "b:2"), (("sessions", "x", "port"), "c:3")]


@pytest.mark.parametrize(("one", "other", "clash"), [
    ("127.0.0.1:9000", "127.0.0.1:9000", True), ("127.0.0.1:9000", "127.0.0.1:9001", False),
    ("127.0.0.1:9000", "127.0.0.2:9000", False), ("localhost:9000", "127.0.0.1:9000", True),
    ("*:9000", "127.0.0.1:9000", True), ("10.0.0.1:9000", "0.0.0.0:9000", True),
    ("LocalHost:1", "localhost:1", True), ("a:0", "a:0", False), ("*:0", "a:0", False),
])
def test_which_bindings_collide(one, other, clash):
    assert addresses_clash(one, other) == clash
    assert addresses_clash(other, one) == clash
