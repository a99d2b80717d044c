<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The client is signed out or the sandbox stopped, or it was made before a fork (exit code 5).
 */
final class ClosedException extends ServiceException
{
    protected const KIND = ErrorKind::Closed;
}
