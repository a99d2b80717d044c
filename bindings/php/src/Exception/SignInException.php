<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The account cannot sign in or is not permitted to do this (exit code 3).
 */
final class SignInException extends SendImException
{
    protected const KIND = ErrorKind::SignInRefused;
}
