<?php

declare(strict_types=1);

namespace SendIm;

/**
 * A request that a {@see Sandbox} received. It holds neither bodies nor credentials.
 */
final class Exchange
{
    /**
     * @param int      $number counts requests, from 1
     * @param string   $method `GET`, `POST` …
     * @param string   $path   the path with its query
     * @param string   $origin scheme, host and port that were asked
     * @param int|null $status the status of the answer; null while there is none, or where the connection was closed
     * @param int      $pool   which of the sandbox's listeners was asked, from 0
     */
    public function __construct(
        public readonly int $number,
        public readonly string $method,
        public readonly string $path,
        public readonly string $origin,
        public readonly ?int $status,
        public readonly int $pool,
    ) {
    }
}
