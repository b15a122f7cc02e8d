"""One open tab of the page: what it has read, and its requests, each answered in a thread of its own."""

import asyncio
import json
import re
import sys
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from textwrap import shorten
from typing import Any, NamedTuple

from elman.errors import InputError
from elman.explore.arrays import plain
from elman.explore.ask import Ask, Cancelled
from elman.explore.explored import Explored, Seen
from elman.explore.heard import heard
from elman.explore.requests import Request, requests

MOST_BYTES = 1_000_000  # of a message
THREADS = 8
READ = "read"  # the request whose result the others are about
MOST_TOLD = 500  # characters of an error, which may repeat what was asked
NUMBER = re.compile(r'\s*\{\s*"id"\s*:\s*(\d{1,15})')


class Running(NamedTuple):
    """A request that is being answered."""

    request: Request
    ask: Ask
    task: "asyncio.Task[None]"


class Tab:
    """What a tab knows and what it is waiting for.

    Args:
        explored: the model.
        send: sends a text to the page.

    Attributes:
        seen: what was read last; None before that.
        kept: what a view keeps from one request to the next, by its name.
    """

    def __init__(self, explored: Explored, send: Callable[[str], Awaitable[None]]) -> None:
        self.explored = explored
        self.seen: Seen | None = None
        self.kept: dict[str, Any] = {}
        self._send = send
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._running: dict[tuple[str, str], Running] = {}  # by name and slot, the oldest first
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(THREADS, "elman explore")
        self._loop = asyncio.get_running_loop()

    @property
    def looked_at(self) -> Seen:
        """What was read last.

        Raises:
            InputError: nothing was.
        """
        if self.seen is None:
            raise InputError("nothing has been read yet: give an input first")
        return self.seen

    async def deliver(self) -> None:
        """Send what there is to send, in its order, until the page is closed."""
        while True:
            message = await self._outbox.get()
            await self._send(json.dumps(message, allow_nan=False))

    def receive(self, text: str) -> None:
        """Begin to answer a message of the page."""
        if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
            found = NUMBER.match(text)
            number = int(found[1]) if found else None
            self._tell(number, error=f"the message has more than {MOST_BYTES:,} bytes: give a shorter input")
            return
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            fields = None
        number = fields.get("id") if isinstance(fields, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(fields.get("do"), str):
            self._tell(None, error='this is no request: expected {"id": a number, "do": a name, ...}')
            return
        request = requests().get(fields["do"])
        if request is None:
            self._tell(number, error=f"do is {fields['do'][:40]!r}, expected one of {', '.join(requests())}")
        elif (reason := request.refusal(self.explored)) is not None:
            self._tell(number, error=reason)
        else:
            self._begin(number, request, fields)

    def close(self) -> None:
        """End all work: nobody waits for it."""
        for one in self._running.values():
            one.ask.cancelled.set()
        for task in self._tasks:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, number: int, request: Request, fields: dict[str, Any]) -> None:
        """Answer a request, after the older one of its name and slot has ended, which nobody waits for any longer."""

        def send(more: dict[str, Any]) -> None:
            self._loop.call_soon_threadsafe(partial(self._tell, number, **plain(more)))

        name = fields["do"], str(fields.get("slot"))
        before = self._running.pop(name, None)
        if before is not None:
            before.ask.cancelled.set()
        ask = Ask(fields, send)
        task = self._loop.create_task(self._answer(number, request, ask, before and before.task))
        self._running[name] = Running(request, ask, task)  # behind all that are older
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: tuple[str, str], task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if name in self._running and self._running[name].task is task:
            del self._running[name]

    async def _answer(self, number: int, request: Request, ask: Ask, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])
        while request.of_reading and (reading := self._reading()):
            await asyncio.wait(reading)
        found = await self._loop.run_in_executor(self._pool, self._work, request, ask)
        if ask.fields["do"] == READ and "is" in found:
            self._leave_behind(ask)
        self._tell(number, **found)

    def _reading(self) -> list["asyncio.Task[None]"]:
        """What is being read."""
        return [one.task for (do, _), one in self._running.items() if do == READ and not one.task.done()]

    def _leave_behind(self, ask: Ask) -> None:
        """End what older requests ask about an input that is not looked at any longer."""
        for one in self._running.values():
            if one.ask is ask:
                return
            if one.request.of_reading:
                one.ask.cancelled.set()

    def _work(self, request: Request, ask: Ask) -> dict[str, Any]:
        """The last message of a request."""
        try:
            ask.check()
            with heard() as notes:
                found = request.answer(self, ask)
            return {"is": plain({**found, "notes": [*found.get("notes", ()), *notes]} if notes else found)}
        except Cancelled:
            return {"cancelled": True}
        except InputError as error:
            return {"error": shorten(str(error), MOST_TOLD, placeholder=" ...")}
        except MemoryError:
            return {"error": "there is not enough memory for this: give a shorter input"}
        except Exception as error:  # a fault of ours: the page lives on and says so, the terminal has the details
            traceback.print_exc(file=sys.stderr)
            return {"error": f"this is a fault in elman, of which the terminal tells more: {error!r}"}

    def _tell(self, number: int | None, **more: Any) -> None:
        self._outbox.put_nowait({"id": number, **more})
