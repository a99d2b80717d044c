<?php

declare(strict_types=1);

namespace SendIm;

/**
 * One finished step of a send. It never holds a password, a token or the text of a message.
 */
final class Step
{
    /**
     * @param StepName $name    which step
     * @param string   $host    the host that was asked, with its port where it is not the usual one
     * @param int|null $status  the HTTP status of the answer; null where none came
     * @param float    $elapsed from the request to the end of the answer, in seconds
     */
    public function __construct(
        public readonly StepName $name,
        public readonly string $host,
        public readonly ?int $status = null,
        public readonly float $elapsed = 0.0,
    ) {
    }
}
