<?php

declare(strict_types=1);

namespace SendIm;

/**
 * Whether a message whose send failed can have arrived all the same.
 */
enum Sent: string
{
    /** It was not delivered. */
    case No = 'no';
    /** It may have arrived; sending it again may double it. */
    case Maybe = 'maybe';
}
