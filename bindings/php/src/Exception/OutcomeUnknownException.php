<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The message may or may not have arrived. It was not sent a second time (exit code 6).
 */
final class OutcomeUnknownException extends SendImException
{
    protected const KIND = ErrorKind::OutcomeUnknown;
}
