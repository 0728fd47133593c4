"""What is said to people whose topology asks for what no feed can do."""

import pydantic
import pytest

from actors.feed import FeedConfig

LINES = {"groups": ["239.192.0.1:26400", "239.192.0.2:26400"]}


def problem(config) -> str:
    with pytest.raises(pydantic.ValidationError) as caught:
        FeedConfig.model_validate(config)
    return caught.value.errors()[0]["msg"]


def test_each_source_alone_will_do():
    assert FeedConfig(venue="127.0.0.1:9001").lines is None
    lines = FeedConfig.model_validate({"lines": LINES}).lines
    assert lines.groups[1] == "239.192.0.2:26400" and lines.retransmission is None


@pytest.mark.parametrize("config, found", [
    ({}, "none"), ({"venue": "127.0.0.1:9001", "lines": LINES}, "venue and lines")])
def test_a_feed_has_exactly_one_source(config, found):
    assert f"exactly one source, here {found}" in problem(config)


def test_a_file_is_a_recording(tmp_path):
    itch = tmp_path / "day.itch"
    itch.write_bytes(b"\x00\x00")
    assert FeedConfig.model_validate({"file": {"path": str(itch)}}).file.speed == 1.0
    file = FeedConfig.model_validate({"file": {"path": str(itch), "start": "09:30:05"}}).file
    assert file.start_ns == 34_205 * 10**9
    for more, part in (({"speed": 0}, "greater than 0"), ({"start": "9:30"}, "pattern"),
                       ({"symbol": "AAPL"}, "ITCH file, which says of itself"),
                       ({"path": str(tmp_path)}, "is no file")):
        assert part in problem({"file": {"path": str(itch), **more}})
    itch.write_bytes(b"%PDF")
    assert "neither an ITCH 5.0 file" in problem({"file": {"path": str(itch)}})


@pytest.mark.parametrize("lines, part", [
    ({"groups": []}, "at least 1 item"),
    ({"groups": ["239.1.1.1:1", "239.1.1.1:1"]}, "there twice: each line has an address"),
    ({"groups": ["localhost:26400"]}, "a line is an IPv4 address and a port"),
    ({"groups": ["239.1.1.1:0"]}, "port 0 cannot be listened on"),
    ({**LINES, "interface": "eth0"}, "not the IPv4 address of a network interface"),
    ({**LINES, "ring": 1000}, "1000 is not a power of two; the next is 1024"),
    ({**LINES, "retransmission": "*:9"}, "name the host"),
])
def test_lines_that_cannot_be(lines, part):
    assert part in problem({"lines": lines})
