"""What a failed call says."""

import copy
import dataclasses
import pickle
import re
import textwrap

import pytest
from conftest import PASSWORD, ROOT, SENDER, journal

import send_im as package
from send_im import (
    Cancelled,
    ConnectionFailed,
    DeadlineExceeded,
    Hop,
    InvalidInput,
    NotDelivered,
    OutcomeUnknown,
    Receipt,
    SendImError,
    ServiceError,
    SignInError,
    send_im,
)
from send_im._errors import _CLASSES, error_from

TEXT = "the text of the message, which is secret"


def failing(account, to="lenea@contoso.com", **options):
    with pytest.raises(SendImError) as caught:
        send_im(to, TEXT, **{**account, **options})
    return caught.value


def test_a_declined_message(account):
    error = failing(account, "declines@contoso.com")
    assert type(error) is NotDelivered
    assert (error.kind, error.step, error.sent, error.exit_code) == ("declined", "confirm", "no", 4)
    assert (error.code, error.subcode) == ("RemoteFailure", "Declined")
    assert str(error) == error.detail
    assert "declines@contoso.com" in str(error)


def test_a_refused_password(account):
    error = failing(account, password="wrong")
    assert type(error) is SignInError
    assert (error.kind, error.step, error.exit_code) == ("sign_in_refused", "sign_in", 3)
    assert error.http_status == 400


def test_a_server_that_is_not_there(account):
    error = failing(account, server="http://127.0.0.1:1/", timeout=5)
    assert type(error) is ConnectionFailed
    assert isinstance(error, ConnectionError)
    assert isinstance(error, OSError)
    assert error.exit_code == 5
    assert error.hops
    assert all(isinstance(hop, Hop) for hop in error.hops)


def test_a_deadline(account):
    error = failing(account, "silent@contoso.com", timeout=0.5)
    assert type(error) is DeadlineExceeded
    assert isinstance(error, TimeoutError)
    assert (error.kind, error.exit_code) == ("timeout", 5)


def test_bad_input_is_a_value_error(account):
    error = failing(account, "lenea")
    assert type(error) is InvalidInput
    assert isinstance(error, ValueError)
    assert (error.step, error.sent, error.exit_code) == (None, "no", 2)


def test_a_nul_is_refused_and_cuts_nothing(sandbox, account):
    assert type(failing(account, "lenea\0@contoso.com")) is InvalidInput
    with pytest.raises(InvalidInput):
        send_im("lenea@contoso.com", "disk\0full", **account)
    assert journal(sandbox) == []


def test_an_unknown_outcome(sandbox, account):
    sandbox.add_fault("send_message", "drop_before", times=0)
    with pytest.raises(OutcomeUnknown) as caught:
        send_im("lenea@contoso.com", "x" * 900, timeout=4, **account)
    assert (caught.value.sent, caught.value.exit_code) == ("maybe", 6)


def test_a_busy_server(sandbox, account):
    status = {"http": 429, "code": "TooManyRequests", "retry_after": 600}
    sandbox.add_fault("applications", {"status": status}, times=0)
    error = failing(account)
    assert type(error) is ServiceError
    assert (error.kind, error.retry_after, error.http_status) == ("throttled", 600.0, 429)


def test_nothing_secret_is_said(sandbox, account):
    for error in [
        failing(account, "declines@contoso.com"),
        failing(account, password="wrong"),
        failing(account, "lenea"),
        failing(account, "silent@contoso.com", timeout=0.3),
    ]:
        shown = f"{error} {error!r} {vars(error)}"
        assert PASSWORD not in shown
        assert TEXT not in shown


def test_no_native_error_shows_through(account):
    error = failing(account, "declines@contoso.com")
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_survives_the_way_to_another_process(account, again):
    for error in [
        failing(account, "declines@contoso.com"),
        failing(account, server="http://127.0.0.1:1/", timeout=5),
    ]:
        twin = again(error)
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


@pytest.mark.parametrize("kind", _CLASSES)
def test_a_program_can_make_one_of_every_kind(kind):
    cls = _CLASSES[kind]
    error = cls("Something happened.", kind=kind)
    assert (str(error), error.detail, error.kind, error.step, error.hops) == (
        error.detail,
        error.detail,
        kind,
        None,
        (),
    )
    codes = {InvalidInput: 2, SignInError: 3, NotDelivered: 4, ServiceError: 5, OutcomeUnknown: 6, Cancelled: 130}
    assert error.exit_code == next(code for family, code in codes.items() if issubclass(cls, family))
    assert error.sent == ("maybe" if cls is OutcomeUnknown else "no")
    assert SendImError("x", kind=kind).exit_code == error.exit_code


@pytest.mark.parametrize("cls", [*set(_CLASSES.values())])
def test_one_that_is_made_without_a_kind_has_one_of_its_class(cls):
    assert _CLASSES[cls("Something happened.").kind] is cls


def test_what_is_given_to_one_is_kept():
    fields = {
        "kind": "throttled",
        "step": "invite",
        "sent": "maybe",
        "http_status": 429,
        "code": "TooManyRequests",
        "subcode": "Other",
        "diagnostics": "28010",
        "retry_after": 5.0,
        "hops": (Hop("https://pool/", "429"),),
        "exit_code": 9,
    }
    error = ServiceError("Later.", **fields)
    assert {name: getattr(error, name) for name in fields} == fields

    class OwnError(NotDelivered):
        pass

    assert (OwnError("No.").kind, OwnError("No.").exit_code) == ("recipient_unavailable", 4)


def test_a_program_can_make_a_receipt():
    receipt = Receipt("lenea@contoso.com")
    assert (receipt.accepted_by, receipt.evidence, receipt.format) == (
        "lenea@contoso.com",
        "invitation_accepted",
        "plain",
    )
    assert (receipt.thread_id, receipt.steps) == (None, ())
    assert Receipt("lenea@contoso.com", evidence="submitted").accepted_by is None
    assert Receipt("lenea@contoso.com", None).accepted_by is None
    forwarded = Receipt("lenea@contoso.com", "tosh@contoso.com", "message_confirmed", thread_id="t")
    assert forwarded.accepted_by == "tosh@contoso.com"
    for twin in [pickle.loads(pickle.dumps(forwarded)), copy.copy(forwarded), dataclasses.replace(forwarded)]:
        assert twin == forwarded


def test_one_parent_for_all():
    classes = [thing for thing in vars(package).values() if isinstance(thing, type) and issubclass(thing, Exception)]
    assert len(classes) == 11
    assert all(issubclass(cls, SendImError) for cls in classes)
    assert set(_CLASSES.values()) == set(classes) - {SendImError}


def test_every_kind_of_the_core_has_a_class():
    """A kind added to the core must be sorted here too."""
    source = (ROOT / "core" / "client" / "src" / "error" / "kind.rs").read_text()
    kinds = dict(re.findall(r'= "([a-z_]+)", exit (\d+);', source))
    assert kinds.keys() == _CLASSES.keys()
    families = {
        "2": InvalidInput,
        "3": SignInError,
        "4": NotDelivered,
        "5": ServiceError,
        "6": OutcomeUnknown,
    }
    for kind, code in kinds.items():
        assert issubclass(_CLASSES[kind], families.get(code, SendImError)), kind


def test_a_kind_from_the_future_is_still_an_error():
    class Failure:
        kind, step, detail, sent = "brand_new", None, "Something new.", "maybe"
        http_status = code = subcode = diagnostics = retry_after_ms = None
        hops, exit_code, cause = [], 5, None

    error = error_from(Failure)
    assert type(error) is ServiceError
    assert (error.kind, str(error)) == ("brand_new", "Something new.")


def test_the_traceback_ends_in_the_users_line_or_the_facade(script):
    done = script(f"""
        from send_im import Sandbox, send_im
        with Sandbox() as sandbox:
            send_im("declines@contoso.com", "hi", address="{SENDER}", password="{PASSWORD}", server=sandbox)
    """)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("send_im._errors.NotDelivered: ")
    assert PASSWORD not in textwrap.dedent(done.stderr).replace(f'password="{PASSWORD}"', "")
    assert "During handling" not in done.stderr
