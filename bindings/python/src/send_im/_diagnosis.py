"""Looks at the way to the pool."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from ._calls import run, run_async
from ._native import send_im_uniffi as native
from ._options import account_options
from ._relay import Relay
from ._types import Account, Advice, Check, Diagnosis


def diagnose(account: Account, timeout: float) -> Diagnosis:
    """Waits on this thread."""
    call, relay = _start(account, timeout)
    return _from(run(call, relay).value)


async def diagnose_async(account: Account, timeout: float) -> Diagnosis:
    """Waits on the running event loop."""
    call, relay = _start(account, timeout, asyncio.get_running_loop())
    return _from((await run_async(call, relay)).value)


def _start(account: Account, timeout: float, loop: Optional[asyncio.AbstractEventLoop] = None) -> tuple[Any, Relay]:
    relay = Relay(None, account.token, loop)
    options = account_options(account, timeout)
    return relay.watch(native.start_diagnose(options, relay.tells_steps, relay.asks_tokens)), relay


def _from(checks: Any) -> Diagnosis:
    return Diagnosis(
        tuple(
            Check(
                check.name,
                check.outcome,
                check.seen,
                check.elapsed_ms / 1000,
                None if check.advice is None else Advice(check.advice.what, check.advice.who),
                check.kind,
            )
            for check in checks
        )
    )
