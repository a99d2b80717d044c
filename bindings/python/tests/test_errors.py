"""What a failed call says."""

import copy
import dataclasses
import pickle
import re
from unittest.mock import Mock

import pytest
from conftest import PASSWORD, ROOT, SENDER

import send_im as package
from send_im import (
    Account,
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
from send_im._calls import asked
from send_im._errors import _CLASSES, error_from
from send_im._native import send_im_uniffi as native


def failing(account, to="lenea@contoso.com", **options):
    with pytest.raises(SendImError) as caught:
        send_im(to, "hi", account=account, **options)
    return caught.value


def test_what_failed_is_a_class_that_programs_know(sandbox, account):
    nowhere = Account(SENDER, PASSWORD, server="http://127.0.0.1:1/")
    for error, cls, parent, exit_code in [
        (failing(account, "declines@contoso.com"), NotDelivered, SendImError, 4),
        (failing(sandbox.account(SENDER, "wrong")), SignInError, SendImError, 3),
        (failing(nowhere, timeout=5), ConnectionFailed, ConnectionError, 5),
        (failing(account, "silent@contoso.com", timeout=0.5), DeadlineExceeded, TimeoutError, 5),
        (failing(account, "lenea"), InvalidInput, ValueError, 2),
    ]:
        assert type(error) is cls
        assert isinstance(error, parent)
        assert (str(error), error.exit_code) == (error.detail, exit_code)
        assert all(isinstance(hop, Hop) for hop in error.hops)
        assert error.__cause__ is None
        assert error.__suppress_context__, "no native error shows through"
        for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert (type(twin), str(twin), vars(twin)) == (type(error), str(error), vars(error))


KINDS = re.findall(r'= "([a-z_]+)", exit (\d+);', (ROOT / "core/client/src/error/kind.rs").read_text())
FAMILIES = {2: InvalidInput, 3: SignInError, 4: NotDelivered, 5: ServiceError, 6: OutcomeUnknown, 130: Cancelled}


@pytest.mark.parametrize(("kind", "exit_code"), KINDS)
def test_every_kind_of_the_core_has_a_class_and_a_program_can_make_one(kind, exit_code):
    cls, code = _CLASSES[kind], int(exit_code)
    assert issubclass(cls, FAMILIES[code])
    error = cls("Something happened.", kind=kind)
    assert (str(error), error.kind, error.step, error.hops) == (error.detail, kind, None, ())
    assert error.sent == ("maybe" if cls is OutcomeUnknown else "no")
    assert error.exit_code == SendImError("x", kind=kind).exit_code == code
    assert _CLASSES[cls("Something happened.").kind] is cls, "one made without a kind has one of its class"


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
    assert sorted(_CLASSES) == sorted(kind for kind, _ in KINDS)


def test_a_kind_from_the_future_is_still_an_error():
    class Failure:
        kind, step, detail, sent = "brand_new", None, "Something new.", "maybe"
        http_status = code = subcode = diagnostics = None
        retry_after_ms, hops, cause = 1500, [], None

    error = error_from(Failure)
    assert type(error) is ServiceError
    assert (error.kind, str(error), error.retry_after) == ("brand_new", "Something new.", 1.5)


def test_a_failure_inside_is_a_service_error():
    with pytest.raises(ServiceError, match="bug") as caught:
        asked(Mock(side_effect=native.InternalError("s3cret")))
    assert (caught.value.kind, caught.value.sent) == ("protocol", "maybe")


def test_the_traceback_ends_in_the_users_line_or_the_facade(script):
    done = script(f"""
        from send_im import Sandbox, send_im
        with Sandbox() as sandbox:
            send_im("declines@contoso.com", "hi", account=sandbox.account("{SENDER}", "{PASSWORD}"))
    """)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("send_im._errors.NotDelivered: ")
    assert PASSWORD not in done.stderr.replace(f'"{PASSWORD}"', "")
    assert "During handling" not in done.stderr
