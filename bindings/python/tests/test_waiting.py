"""How a thread sleeps during a call: on a socket, or on a lock where there are none."""

import os
import threading

import pytest
from conftest import PASSWORD, SENDER

from send_im import Client, _driver, send_im
from send_im._waiting import NEWS, ORPHANED, BellWaiter, LockWaiter

HAS_BELL = BellWaiter.continuation is not None
WAITERS = [LockWaiter] + ([BellWaiter] if HAS_BELL else [])


@pytest.mark.parametrize("kind", WAITERS)
def test_a_wake_before_the_sleep_is_not_lost(kind):
    waiter = kind()
    waiter.wake(NEWS)
    waiter.wake(1)
    assert (waiter.sleep(), waiter.sleep()) == (NEWS, 1)


@pytest.mark.parametrize("kind", WAITERS)
def test_a_wake_from_another_thread_ends_the_sleep(kind):
    waiter = kind()
    for code in range(100):
        thread = threading.Thread(target=waiter.wake, args=(code,))
        thread.start()
        assert waiter.sleep() == code
        thread.join()


@pytest.mark.parametrize("kind", WAITERS)
def test_an_orphan_is_told(kind):
    waiter = kind()
    waiter.orphan()
    assert waiter.sleep() == ORPHANED


@pytest.mark.parametrize("kind", WAITERS)
def test_calls_work_with_either(kind, monkeypatch, sandbox, account):
    monkeypatch.setattr(_driver, "waiter", kind)
    steps = []
    send_im("lenea@contoso.com", "one", on_step=steps.append, **account)
    assert steps
    with Client(**account) as client:
        threads = [
            threading.Thread(target=client.send, args=(f"user{n}@contoso.com", f"message {n}")) for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(sandbox.messages()) == 21


@pytest.mark.skipif(not HAS_BELL, reason="no sockets are used on this system")
def test_sockets_are_used_again_and_given_back(account):
    """The number of descriptors depends on the calls at once, not on the calls."""
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    with Client(**account) as client:
        client.send("lenea@contoso.com", "hi")
        before = len(os.listdir(folder))
        for _ in range(30):
            client.send("lenea@contoso.com", "hi")
        assert len(os.listdir(folder)) <= before + 1


@pytest.mark.skipif(not HAS_BELL, reason="no sockets are used on this system")
def test_without_descriptors_a_call_still_works(script):
    done = script(f"""
        import os, resource
        from send_im import Client, Sandbox, _waiting
        with Sandbox() as sandbox, Client("{SENDER}", password="{PASSWORD}", server=sandbox) as client:
            client.send("lenea@contoso.com", "before")
            _waiting._free.clear()
            taken = []
            resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 4, 1024))
            try:
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                pass
            assert isinstance(_waiting.waiter(), _waiting.LockWaiter)
            client.send("lenea@contoso.com", "after")
            for descriptor in taken:
                os.close(descriptor)
            assert len(sandbox.messages()) == 2
    """)
    assert (done.returncode, done.stderr) == (0, ""), done


def test_the_sandbox_and_the_waiters_leave_no_descriptor_behind(script):
    done = script("""
        import gc, os
        from send_im import Sandbox, _waiting
        folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
        with Sandbox():
            pass
        def count():
            gc.collect()
            return len(os.listdir(folder))
        before = count()
        waiters = [_waiting.waiter() for _ in range(10)]
        del waiters
        assert count() <= before, (before, count())
    """)
    assert (done.returncode, done.stderr) == (0, ""), done
