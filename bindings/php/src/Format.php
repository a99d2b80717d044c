<?php

declare(strict_types=1);

namespace SendIm;

/**
 * The form in which a text went.
 */
enum Format: string
{
    case Plain = 'plain';
    case Html = 'html';
    /** A form that this package does not know: the native library is newer. */
    case Unknown = 'unknown';
}
