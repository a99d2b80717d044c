<?php

declare(strict_types=1);

namespace SendIm;

/**
 * How a sandbox is laid out.
 */
enum Layout: string
{
    /** One pool is everything. */
    case OnePool = 'one-pool';
    /** Discovery on one pool, the account at home on another. */
    case TwoPools = 'two-pools';
    /** The first pool redirects to the account's own. */
    case Redirect = 'redirect';
}
