"""What a failed call says."""

import copy
import dataclasses
import pickle
import re
from typing import get_args
from unittest.mock import Mock

import pytest
from conftest import PASSWORD, ROOT, SENDER
from send_im._native import send_im_uniffi as native

import send_im as package
from send_im import (
    Account,
    Cancelled,
    ConnectionFailed,
    DeadlineExceeded,
    Evidence,
    Format,
    Hop,
    Importance,
    InvalidInput,
    Kind,
    NotDelivered,
    OutcomeUnknown,
    Receipt,
    SendImError,
    Sent,
    ServiceError,
    SignInError,
    StepName,
    Wait,
    send_im,
)
from send_im._calls import asked
from send_im._errors import _CLASSES, error_from


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


@pytest.mark.parametrize("kind", _CLASSES)
def test_a_program_can_make_one_of_every_kind(kind):
    cls = _CLASSES[kind]
    error = cls("Something happened.", kind=kind)
    assert (str(error), error.kind, error.step, error.hops) == (error.detail, kind, None, ())
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


def core(file):
    return (ROOT / "core" / "client" / "src" / file).read_text()


def test_every_kind_of_the_core_has_a_class():
    """A kind added to the core must be sorted here too."""
    kinds = dict(re.findall(r'= "([a-z_]+)", exit (\d+);', core("error/kind.rs")))
    assert kinds.keys() == _CLASSES.keys() == set(get_args(Kind))
    families = {"2": InvalidInput, "3": SignInError, "4": NotDelivered, "5": ServiceError, "6": OutcomeUnknown}
    for kind, code in kinds.items():
        assert issubclass(_CLASSES[kind], families.get(code, SendImError)), kind


@pytest.mark.parametrize(
    ("literal", "file", "enum"),
    [
        (Sent, "error/kind.rs", "Sent"),
        (StepName, "steps.rs", "Step"),
        (Evidence, "receipt.rs", "Evidence"),
        (Format, "receipt.rs", "Format"),
        (Importance, "message.rs", "Importance"),
        (Wait, "message.rs", "Wait"),
    ],
)
def test_every_name_of_the_core_is_in_its_literal(literal, file, enum):
    assert set(re.findall(rf'{enum}::\w+ => "([a-z_]+)"', core(file))) == set(get_args(literal))


def test_a_kind_from_the_future_is_still_an_error():
    class Failure:
        kind, step, detail, sent = "brand_new", None, "Something new.", "maybe"
        http_status = code = subcode = diagnostics = retry_after_ms = None
        hops, cause = [], None

    error = error_from(Failure)
    assert type(error) is ServiceError
    assert (error.kind, str(error)) == ("brand_new", "Something new.")


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
