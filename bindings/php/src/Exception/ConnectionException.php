<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * No server was found, it cannot be trusted, or the network or TLS failed (exit code 5).
 */
final class ConnectionException extends ServiceException
{
    protected const KIND = ErrorKind::Network;
}
