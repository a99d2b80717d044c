<?php

declare(strict_types=1);

namespace SendIm;

/**
 * A step of a call.
 */
enum StepName: string
{
    case Discover = 'discover';
    case SignIn = 'sign_in';
    case OpenSession = 'open_session';
    case Invite = 'invite';
    case Send = 'send';
    case Confirm = 'confirm';
    case SignOut = 'sign_out';
    /** A step that this package does not know: the native library is newer. */
    case Unknown = 'unknown';
}
