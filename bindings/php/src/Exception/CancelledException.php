<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The call was cut off (exit code 130).
 */
final class CancelledException extends SendImException
{
    protected const KIND = ErrorKind::Cancelled;
}
