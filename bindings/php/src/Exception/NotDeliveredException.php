<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The recipient did not take the message: unknown, unavailable, busy, declined, no answer (exit code 4).
 */
final class NotDeliveredException extends SendImException
{
    protected const KIND = ErrorKind::RecipientUnavailable;
}
