import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dataverse.batch import read_batch, write_batch

HEADERS = {"Accept": "application/json"}


def answer(*bodies: bytes, boundary: str = "b1", is_whole: bool = True) -> bytes:
    parts = [
        b"--"
        + boundary.encode()
        + b"\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nRetry-After: 3\r\nContent-Type: application/json\r\n\r\n" + body + b"\r\n"
        for body in bodies
    ]
    return b"".join(parts) + (b"--" + boundary.encode() + b"--\r\n" if is_whole else b"")


@given(st.lists(st.binary(max_size=80).filter(lambda body: b"--b1" not in body), max_size=5))
def test_answers_come_back_in_order_byte_for_byte(bodies: list[bytes]) -> None:
    parts = read_batch('multipart/mixed; boundary="b1"', answer(*bodies))
    assert [(part.status, part.body) for part in parts] == [(200, body) for body in bodies]
    assert all(part.headers["retry-after"] == "3" for part in parts)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", answer(b"{}")),
        ("multipart/mixed; boundary=b1", answer(b"{}", is_whole=False)),
        ("multipart/mixed; boundary=b1", answer(b"{}", b"{}")[:90]),
        ("multipart/mixed; boundary=b1", b""),
        ("multipart/mixed; boundary=b1", b"--b1\r\n\r\nnonsense\r\n--b1--"),
    ],
)
def test_what_was_cut_off_is_no_answer(content_type: str, body: bytes) -> None:
    with pytest.raises(ValueError, match="batch"):
        read_batch(content_type, body)


def test_each_request_carries_the_headers() -> None:
    content_type, body = write_batch(["https://x/api/a?$top=1", "https://x/api/b"], HEADERS)
    boundary = content_type.partition("boundary=")[2]
    text = body.decode()
    assert text.count(f"--{boundary}\r\n") == 2
    assert text.count("Accept: application/json\r\n") == 2
    assert text.endswith(f"--{boundary}--\r\n")
    assert "GET https://x/api/a?$top=1 HTTP/1.1\r\n" in text
