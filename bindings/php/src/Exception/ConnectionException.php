<?php

declare(strict_types=1);

namespace SendIm\Exception;

/**
 * No server was found, it cannot be trusted, or the network or TLS failed (exit code 5).
 */
final class ConnectionException extends ServiceException
{
}
