<?php

declare(strict_types=1);

namespace SendIm;

/**
 * How the recipient's client shows a message.
 */
enum Importance: string
{
    case Normal = 'normal';
    case Urgent = 'urgent';
    case Emergency = 'emergency';
}
