<?php

declare(strict_types=1);

namespace SendIm\Exception;

/**
 * The call was cut off (exit code 130).
 */
final class CancelledException extends SendImException
{
}
