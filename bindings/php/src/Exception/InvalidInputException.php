<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * An argument, the environment or the profile file is not usable. Nothing was asked of the server (exit code 2).
 */
class InvalidInputException extends SendImException
{
    protected const KIND = ErrorKind::InvalidInput;
}
