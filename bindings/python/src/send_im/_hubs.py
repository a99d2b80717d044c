"""What differs where gevent or eventlet has patched the standard library, so that threads are greenlets.

All greenlets of a thread share it, so a blocking wait would stop them all: the wait goes through their hub, which runs
the others meanwhile. What the native library's threads touch must be real locks and threads, because they run no hub.
Nothing is imported here unless the program has patched itself with it.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, Optional

_EVENTLET_NAMES = ("thread", "socket", "select", "time")


def _gevent() -> Any:
    """gevent, if it has patched this process, or None. The program may patch after it has imported this package."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return sys.modules["gevent"] if monkey is not None and monkey.is_anything_patched() else None


def _eventlet() -> Any:
    """The same for eventlet."""
    patcher: Any = sys.modules.get("eventlet.patcher")
    patched = patcher is not None and any(patcher.is_monkey_patched(name) for name in _EVENTLET_NAMES)
    return sys.modules["eventlet"] if patched else None


def _gevent_hub(gevent: Any) -> Any:
    """The hub of this thread, if greenlets can run on it now. A thread without a hub has no other greenlet."""
    hub = gevent._hub_local.get_hub_if_exists()
    return None if hub is None or gevent.getcurrent() is hub else hub


def _eventlet_runs_here(eventlet: Any) -> bool:
    """True if greenlets can run on this thread now: not in a callback of the hub itself."""
    hub = eventlet.hubs.get_hub()
    return eventlet.getcurrent() is not hub.greenlet


def wait_readable(descriptor: int) -> None:
    """Lets other greenlets run until there is something to read. Returns at once in a program without greenlets."""
    gevent = _gevent()
    if gevent is not None:
        if _gevent_hub(gevent) is not None:
            from gevent.socket import wait_read

            wait_read(descriptor)
        return
    eventlet = _eventlet()
    if eventlet is not None and _eventlet_runs_here(eventlet):
        eventlet.hubs.trampoline(descriptor, read=True)


def acquire(lock: Any, seconds: float) -> bool:
    """Acquires a lock of :func:`real_lock`, or gives up. Other greenlets run meanwhile, by the hub's thread pool."""
    gevent = _gevent()
    if gevent is not None:
        hub = _gevent_hub(gevent)
        if hub is not None:
            return bool(hub.threadpool.apply(lock.acquire, (True, seconds)))
    else:
        eventlet = _eventlet()
        if eventlet is not None and _eventlet_runs_here(eventlet):
            from eventlet import tpool

            return bool(tpool.execute(lock.acquire, True, seconds))
    return bool(lock.acquire(timeout=seconds))


def real_lock() -> Any:
    """A lock of the operating system's threads."""
    gevent, eventlet = _gevent(), _eventlet()
    if gevent is not None:
        return gevent.monkey.get_original("_thread", "allocate_lock")()
    if eventlet is not None:
        return eventlet.patcher.original("threading").Lock()
    return threading.Lock()


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
