<?php

declare(strict_types=1);

namespace SendIm\Exception;

/**
 * The time given was over before the recipient's side had answered (exit code 5).
 */
final class TimeoutException extends ServiceException
{
}
