"""Programs that gevent or eventlet has patched: one call does not stop the other greenlets.

Each runs in a process of its own, because a patch cannot be taken back. What proves it is counted and ordered, not
timed: the recipient ``slow@`` accepts after some seconds, and other greenlets have to run before that.
"""

import pytest
from conftest import ends

PATCHES = {
    "gevent": """
        from gevent import monkey
        monkey.patch_all()
        import gevent
        spawn, sleep, join = gevent.spawn, gevent.sleep, lambda greenlet: greenlet.get()
        """,
    "eventlet": """
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import eventlet
        eventlet.monkey_patch()
        spawn, sleep, join = eventlet.spawn, eventlet.sleep, lambda greenlet: greenlet.wait()
        """,
}
IMPORT = """
        import sys
        from send_im import *
        SENDER = "tosh@contoso.com"
        """
TICKS = """
        ran = []
        def ticker():
            while True:
                ran.append(1)
                sleep(0.01)
        """


@pytest.fixture(params=PATCHES)
def patched(request, script):
    """Runs the rest of a patched program, which has to end well."""
    return lambda code: ends(script(PATCHES[request.param] + IMPORT + TICKS + code))


@pytest.fixture
def in_gevent(script):
    """The same of a program that gevent has patched."""
    return lambda code: ends(script(PATCHES["gevent"] + IMPORT + code))


# What reads from a descriptor is not patched.
WITHOUT_OS = PATCHES["eventlet"].replace("monkey_patch()", "monkey_patch(os=False)")


# A patch after the import counts too.
PROGRAMS = {
    **{library: patch + IMPORT for library, patch in PATCHES.items()},
    **{f"{library} after the import": IMPORT + patch for library, patch in PATCHES.items()},
    "eventlet without os": WITHOUT_OS + IMPORT,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_other_greenlets_run_while_one_sends(script, program):
    ends(
        script(
            PROGRAMS[program]
            + TICKS
            + """
        with Sandbox() as sandbox:
            spawn(ticker)
            sleep(0)
            before = len(ran)
            receipt = join(spawn(send_im, "slow@contoso.com", "hi", account=sandbox.account(SENDER)))
            assert receipt.evidence == "invitation_accepted"
            assert len(ran) - before > 50, len(ran) - before
            # The main greenlet waits in the same way.
            before = len(ran)
            send_im("slow@contoso.com", "hi", account=sandbox.account(SENDER))
            assert len(ran) - before > 50, len(ran) - before
        """
        )
    )


def test_many_greenlets_send_at_once_on_one_client(patched):
    """More than any thread pool has threads: each recipient answers only once all have been invited."""
    patched("""
        with Sandbox() as sandbox, Client(sandbox.account(SENDER)) as client:
            first = spawn(client.send, "slow@contoso.com", "first")
            rest = [spawn(client.send, f"user{n}@contoso.com", "hi") for n in range(50)]
            for greenlet in rest:
                join(greenlet)
            assert [m.text for m in sandbox.messages()] == ["hi"] * 50, "the first was waited for"
            join(first)
            assert sandbox.messages()[-1].text == "first"
        """)


def test_the_wait_without_a_descriptor_goes_through_the_thread_pool(patched):
    """As on systems where no descriptor can be waited on."""
    patched("""
        from send_im._native.send_im_uniffi import PendingCall
        PendingCall.descriptor = lambda call: None
        with Sandbox() as sandbox:
            spawn(ticker)
            sleep(0)
            join(spawn(send_im, "slow@contoso.com", "hi", account=sandbox.account(SENDER), on_step=lambda _: None))
            assert len(ran) > 50, len(ran)
        """)


def test_steps_and_tokens_reach_the_program(patched):
    patched("""
        with Sandbox() as sandbox:
            spawn(ticker)
            sleep(0)
            steps, asked = [], []
            def token(request):
                asked.append(request.origin)
                sleep(0.2)  # it may wait itself, with what was patched
                return sandbox.request("POST", f"tokens/{SENDER}")["token"]
            here = []
            with Client(sandbox.account(SENDER, token=token), on_step=steps.append) as client:
                before = len(ran)
                client.send("lenea@contoso.com", "hi")
                sandbox.request("POST", "actions/revoke-tokens")
                client.send("lenea@contoso.com", "again")
            assert {"sign_in", "invite"} <= {step.step for step in steps}, steps
            assert len(asked) > 1 and len(sandbox.messages()) == 2, (asked, sandbox.messages())
        """)


def test_a_token_callable_that_waits_leaves_no_descriptors_behind(in_gevent):
    """Its thread gets a hub of its own by waiting."""
    in_gevent("""
        import os
        with Sandbox() as sandbox:
            def token(request):
                sleep(0.01)
                return sandbox.request("POST", f"tokens/{SENDER}")["token"]
            def descriptors():
                return len(os.listdir("/dev/fd"))
            with Client(sandbox.account(SENDER, token=token)) as client:
                client.send("lenea@contoso.com", "hi")
                before = descriptors()
                for n in range(10):
                    sandbox.request("POST", "actions/revoke-tokens")
                    client.send("lenea@contoso.com", "again")
                for _ in range(500):  # the last thread has answered, and may not have ended
                    if descriptors() < before + 10:
                        break
                    sleep(0.01)
                assert descriptors() < before + 10, (before, descriptors())
        """)


def test_a_greenlet_can_be_given_up(in_gevent):
    in_gevent("""
        with Sandbox() as sandbox:
            with Client(sandbox.account(SENDER)) as client:
                try:
                    with gevent.Timeout(1):
                        client.send("silent@contoso.com", "hi")
                    raise AssertionError("it was not given up")
                except gevent.Timeout:
                    pass
                client.send("lenea@contoso.com", "next")
            assert [m.text for m in sandbox.messages()] == ["next"]
        """)


def test_real_threads_of_a_patched_program_send_too(in_gevent):
    in_gevent("""
        with Sandbox() as sandbox:
            pool = gevent.get_hub().threadpool
            call = lambda: send_im("lenea@contoso.com", "hi", account=sandbox.account(SENDER))
            for result in [pool.spawn(call) for _ in range(5)]:
                result.get()
            assert len(sandbox.messages()) == 5
        """)


def test_a_fork_while_other_greenlets_wait(in_gevent):
    """All greenlets are forked. Those that wait are told so in the child; the parent's calls go on."""
    in_gevent("""
        import os
        with Sandbox(ring=3600) as sandbox:
            def send(name):
                try:
                    return send_im(f"{name}@contoso.com", "hi", timeout=3600, account=sandbox.account(SENDER)).evidence
                except ClientClosed as error:
                    return "closed in the child"
            waiting = [spawn(send, name) for name in ("slow", "silent")]
            while str(sandbox.request("GET", "journal")).count("messagingInvitations") < 2:
                sleep(0.01)
            child = os.fork()
            if child == 0:
                os._exit(0 if [join(greenlet) for greenlet in waiting] == ["closed in the child"] * 2 else 3)
            # Nobody answers for the silent one: what tells the child is not the end of the parent's call.
            assert os.waitpid(child, 0)[1] == 0
            assert join(waiting[0]) == "invitation_accepted"
            waiting[1].kill()
        """)
