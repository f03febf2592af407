"""The program of the process that reads pages: `python -m project_service.gifting.gifts.page_parser`.

It takes one page after another from its standard input and answers each on its standard output (`frames`). Whatever a
page does to it, it harms nobody else: it has no secret, a bounded memory, and a bounded time for each page, after which
the system ends it. Its parent starts another one.
"""

import math
import os
import resource
import sys
from typing import BinaryIO

import msgspec

from project_service.gifting.gifts import frames
from project_service.gifting.gifts.product_pages import read_page
from project_service.gifting.gifts.products import PageBytes

CPU_SECONDS = 3  # for one page; an honest one of 2 MiB takes less than one
MEMORY_BYTES = 512 * 1024 * 1024  # of addresses; a page of 2 MiB becomes a tree of up to 150 MiB
NICENESS = 10  # whoever waits for an answer of the service goes before a page


def main() -> None:
    requests, answers = _own_streams()
    _limit_once()
    while (request := frames.read(requests)) is not None:
        _limit_cpu()
        page = msgspec.msgpack.decode(request, type=PageBytes)
        answers.write(frames.frame(msgspec.msgpack.encode(read_page(page.body, page.content_type, page.url))))
        answers.flush()


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Whatever prints something does not print it between the answers."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return sys.stdin.buffer, answers


def _limit_once() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)


def _limit_cpu() -> None:
    """Counted from now on; the system counts all seconds of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    main()
