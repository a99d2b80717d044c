<?php

declare(strict_types=1);

namespace SendIm;

/**
 * One place a call went through before it failed.
 */
final class Hop
{
    /**
     * @param string $url     the URL without its query
     * @param string $outcome what came back, for example `401` or `connection refused`
     */
    public function __construct(public readonly string $url, public readonly string $outcome)
    {
    }
}
