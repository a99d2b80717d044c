"""What differs where gevent or eventlet has patched the standard library, so that threads are greenlets.

All greenlets of a thread share it, so a blocking wait would stop them all: the wait goes through their hub, which runs
the others meanwhile. Nothing is imported here unless the program has patched itself with it.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, Optional

_EVENTLET_NAMES = ("thread", "socket", "select", "time")
# Ctrl-C counts, and a forked child looks whose call it waits for, between two ticks.
_TICK_MS = 100


def _gevent() -> Any:
    """gevent, if it has patched this process, or None. The program may patch after it has imported this package."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return sys.modules["gevent"] if monkey is not None and monkey.is_anything_patched() else None


def _eventlet() -> Any:
    """The same for eventlet."""
    patcher: Any = sys.modules.get("eventlet.patcher")
    patched = patcher is not None and any(patcher.is_monkey_patched(name) for name in _EVENTLET_NAMES)
    return sys.modules["eventlet"] if patched else None


def wait(call: Any) -> bool:
    """Waits for a call of the native library, or for a tick. True once it has ended. Other greenlets run meanwhile."""
    gevent, eventlet = _gevent(), _eventlet()
    if gevent is not None:
        hub = gevent._hub_local.get_hub_if_exists()
        # A thread without a hub has no other greenlet.
        if hub is not None and gevent.getcurrent() is not hub:
            from gevent.socket import wait_read

            in_pool: Any = hub.threadpool.apply
            return _wait_in_hub(call, lambda at: wait_read(at, _TICK_MS / 1000, TimeoutError), in_pool)
    # In a callback of the hub itself no greenlet can run.
    elif eventlet is not None and eventlet.getcurrent() is not eventlet.hubs.get_hub().greenlet:
        from eventlet import tpool

        trampoline = eventlet.hubs.trampoline
        return _wait_in_hub(
            call,
            lambda at: trampoline(at, read=True, timeout=_TICK_MS / 1000, timeout_exc=TimeoutError),
            lambda function, arguments: tpool.execute(function, *arguments),
        )
    return bool(call.wait(_TICK_MS))


def _wait_in_hub(call: Any, wait_read: Callable[[int], object], in_pool: Callable[[Any, Any], Any]) -> bool:
    descriptor: Optional[int] = call.descriptor()
    if descriptor is None:
        return bool(in_pool(call.wait, (_TICK_MS,)))
    if call.wait(0):
        return True
    try:
        wait_read(descriptor)
    except TimeoutError:
        pass
    return bool(call.wait(0))


def start_thread(name: str, target: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """Runs a function on a daemon thread of the operating system.

    Raises:
        RuntimeError: The program is ending, and no thread starts any more.
    """
    gevent, eventlet = _gevent(), _eventlet()
    if gevent is not None:
        gevent.monkey.get_original("_thread", "start_new_thread")(_with_a_hub, (gevent, target, arguments))
        return
    threads: Any = threading if eventlet is None else eventlet.patcher.original("threading")
    threads.Thread(target=target, args=arguments, name=name, daemon=True).start()


def _with_a_hub(gevent: Any, target: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    try:
        target(*arguments)
    finally:
        # What the function waited for has made a hub for this thread; its descriptors would stay.
        hub: Optional[Any] = gevent._hub_local.get_hub_if_exists()
        if hub is not None:
            hub.destroy(destroy_loop=True)
