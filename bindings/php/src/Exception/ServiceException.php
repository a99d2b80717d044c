<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * The server could not be reached, or could not do it (exit code 5).
 */
class ServiceException extends SendImException
{
    protected const KIND = ErrorKind::ServiceError;
}
