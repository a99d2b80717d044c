"""What is wrong on the way to the pool."""

from __future__ import annotations

import asyncio
import re
from typing import get_args

import pytest
from conftest import PASSWORD, ROOT, SENDER

from send_im import Account, AdviceOwner, CheckName, CheckOutcome, InvalidInput, Sandbox


def test_every_check_passes_and_nothing_is_sent(sandbox: Sandbox) -> None:
    diagnosis = sandbox.account(SENDER).diagnose()
    assert diagnosis.failure is None
    assert [check.name for check in diagnosis.checks] == list(get_args(CheckName))
    assert all(
        check.advice is None and check.kind is None and check.seen and check.elapsed >= 0 for check in diagnosis.checks
    )
    assert sandbox.messages() == []
    assert sandbox.request("GET", "state")["open_applications"] == 0


def test_a_failure_says_who_can_do_what(sandbox: Sandbox) -> None:
    diagnosis = sandbox.account(SENDER, "wrong").diagnose()
    failure = diagnosis.failure
    assert failure is not None
    assert failure.advice is not None
    assert (failure.name, failure.outcome, failure.kind, failure.advice.who) == (
        "sign_in",
        "failed",
        "sign_in_refused",
        "you",
    )
    assert "DOMAIN" in failure.advice.what
    assert "cwt=" not in repr(diagnosis)


def test_over_tls_the_certificate_is_told() -> None:
    with Sandbox(https=True) as sandbox:
        told = {check.name: check for check in sandbox.account(SENDER, PASSWORD).diagnose().checks}
        assert "TLS 1.3" in told["tls"].seen
        assert "the CA file" in told["tls"].seen
        diagnosis = Account(SENDER, PASSWORD, server=sandbox.url).diagnose()
        assert diagnosis.failure is not None
        assert diagnosis.failure.name == "tls"
        assert PASSWORD not in repr(diagnosis)


def test_it_can_be_awaited_and_takes_tokens(sandbox: Sandbox) -> None:
    async def main() -> None:
        async def refuses(_: object) -> str:
            raise LookupError("the vault is sealed")

        passed, refused = await asyncio.gather(
            sandbox.account(SENDER).diagnose_async(), sandbox.account(SENDER, token=refuses).diagnose_async()
        )
        assert passed.failure is None
        assert refused.failure is not None
        assert refused.failure.kind == "credential_unavailable"

    asyncio.run(main())


def test_a_timeout_ends_it_and_an_unusable_account_is_raised(sandbox: Sandbox) -> None:
    sandbox.add_fault("discovery", {"delay": {"ms": 60_000}})
    failure = sandbox.account(SENDER).diagnose(timeout=0.5).failure
    assert failure is not None
    assert (failure.name, failure.kind) == ("discovery", "timeout")
    with pytest.raises(InvalidInput):
        Account("tosh", "x").diagnose()


def test_every_word_of_the_core_is_known() -> None:
    source = (ROOT / "core" / "client" / "src" / "diagnosis" / "check.rs").read_text()
    words = re.findall(r'^ {4}[A-Z]\w+ = "([a-z_]+)";$', source, re.MULTILINE)
    assert words == [*get_args(CheckName), *get_args(CheckOutcome), *get_args(AdviceOwner)]
