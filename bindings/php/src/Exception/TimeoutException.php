<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The time given was over before the recipient's side had answered (exit code 5).
 */
final class TimeoutException extends ServiceException
{
    protected const KIND = ErrorKind::Timeout;
}
