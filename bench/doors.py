"""One-click POSTs beside a Django view that does nothing, in the same server, under the same load."""

from __future__ import annotations

import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from django_scopes import scope

from bench.setting import Server
from bench.table import Line
from consent.links import token_maker
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact

BODY = b"List-Unsubscribe=One-Click"
CONNECTIONS = 16
SECONDS = 4
PEOPLE = 90_000


def tokens_of(organisation: Organisation) -> list[str]:
    with scope(organisation=organisation):
        purpose = Purpose.objects.get(key="newsletter").pk
        make = token_maker(organisation.pk, purpose, "email")
        tokens = [make(contact) for contact in Contact.objects.order_by("pk").values_list("pk", flat=True)[:PEOPLE]]
    random.shuffle(tokens)  # a run must not find the people of the one before, who have left already
    return tokens


def script(tokens: list[str]) -> str:
    """For wrk: each request is another person's POST."""
    listed = ",".join(f'"{token}"' for token in tokens)
    return f"""
local tokens = {{{listed}}}
local thread, next = 0, 0
function setup(one) one:set("start", thread * {len(tokens) // 2}); thread = thread + 1 end
function init() next = start end
function request()
  next = next + 1
  return wrk.format("POST", "/u/" .. tokens[next % #tokens + 1],
    {{["Content-Type"] = "application/x-www-form-urlencoded"}}, "{BODY.decode()}")
end
"""


def with_wrk(server: Server, file: Path) -> float:
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(file), server.url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return float(found.group(1)) if found else 0.0


def whole_answer(link: socket.socket) -> bytes:
    """Head and body, which may come in pieces; its length is given, or it is chunked."""
    answer = b""
    while piece := link.recv(65536):
        answer += piece
        head, end, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and (len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")):
            break
    return answer


def with_threads(server: Server, tokens: Iterator[str]) -> float:
    """Where wrk is missing: threads and bare sockets. They cost what the server could use; both sides pay it."""
    place = urlsplit(server.url)
    counts: list[int] = []
    lock = threading.Lock()
    until = time.perf_counter() + SECONDS

    def load() -> None:
        count = 0
        link = socket.create_connection((place.hostname or "", place.port or 0))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < until:
            with lock:
                token = next(tokens)
            link.sendall(
                f"POST /u/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(BODY)}\r\n\r\n".encode()
                + BODY
            )
            answer = whole_answer(link)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:200].decode())
            count += 1
        link.close()
        with lock:
            counts.append(count)

    threads = [threading.Thread(target=load) for _number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < CONNECTIONS:
        message = "a connection was refused or answered other than 200"
        raise RuntimeError(message)
    return sum(counts) / SECONDS


def measure_doors(organisation: Organisation, ours: Server, bare: Server) -> list[Line]:
    tokens = tokens_of(organisation)
    rates: list[tuple[float, float]] = []
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script(tokens))
        file.flush()
        for _time in range(3):
            pair = []
            for server in (ours, bare):
                if shutil.which("wrk"):
                    pair.append(with_wrk(server, Path(file.name)))
                else:
                    pair.append(with_threads(server, cycle(tokens)))
            rates.append((pair[0], pair[1]))
    done, limit = (median(side) for side in zip(*rates, strict=True))
    with_what = "wrk" if shutil.which("wrk") else "threads; install wrk for steadier figures"
    print(f"    one-click load: {with_what}, {CONNECTIONS} connections")
    return [Line("one-click POST", f"{done:,.0f}/s", f"bare view {limit:,.0f}/s", done / limit, 0.15)]
