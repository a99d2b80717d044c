<?php

declare(strict_types=1);

namespace SendIm;

/**
 * What a send waits for.
 */
enum Wait: string
{
    /** Until the recipient's side has accepted. */
    case Delivered = 'delivered';
    /** Until the server has taken the message; the receipt then says so. */
    case Submitted = 'submitted';
}
