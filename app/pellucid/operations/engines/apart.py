"""Run a library call that can neither be stopped nor shares the interpreter, in a process of its own."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

from pellucid.language import tr
from pellucid.operations.context import Refused

_ASKED_EVERY = 0.05


def apart(function: Callable[..., Any], *arguments: Any, check: Callable[[], None]) -> Any:
    """Return ``function(*arguments)``, computed in a child process that is killed when ``check`` raises.

    ``function`` must be importable and its arguments plain (arrays, numbers). On the main thread of a program there is
    no window to keep alive, and the call is made right here. Raises Refused when the process dies, for want of memory.
    """
    if threading.current_thread() is threading.main_thread():
        check()
        return function(*arguments)
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()
    try:
        while not receiver.poll(_ASKED_EVERY):
            check()
        answer = receiver.recv()
    except EOFError as error:
        raise Refused(tr("The computation ended early, perhaps for want of memory. Take a smaller region.")) from error
    finally:
        process.kill()
        process.join()
        receiver.close()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _serve(sender: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        answer = function(*arguments)
    except Exception as error:
        answer = error
    sender.send(answer)
    sender.close()
