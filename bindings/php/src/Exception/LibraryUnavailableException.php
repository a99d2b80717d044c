<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;

/**
 * PHP cannot use the native library: the extension FFI is missing or restricted, or no library fits this machine. The
 * sentence says what to write where (exit code 2).
 */
final class LibraryUnavailableException extends SendImException
{
    protected const KIND = ErrorKind::LibraryUnavailable;
}
