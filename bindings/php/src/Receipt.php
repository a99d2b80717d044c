<?php

declare(strict_types=1);

namespace SendIm;

/**
 * Proof of a send.
 */
final class Receipt
{
    /**
     * @param string      $to         the recipient's address as asked, without `sip:`
     * @param string|null $acceptedBy who accepted: someone else than `$to` after a call-forward, null when only
     *                                submitted. Accepted does not mean read: some clients accept by themselves
     * @param Evidence    $evidence   what the receipt rests on
     * @param Format      $format     the form in which the text went
     * @param string|null $threadId   the server's id of the conversation's thread
     * @param list<Step>  $steps      each step in order; after `send_im()` they begin with discovery
     */
    public function __construct(
        public readonly string $to,
        public readonly ?string $acceptedBy,
        public readonly Evidence $evidence,
        public readonly Format $format,
        public readonly ?string $threadId,
        public readonly array $steps,
    ) {
    }

    /**
     * The receipt as the other languages write it, for a log or for JSON.
     *
     * @return array<string, mixed>
     */
    public function toArray(): array
    {
        return [
            'to' => $this->to,
            'accepted_by' => $this->acceptedBy,
            'evidence' => $this->evidence->value,
            'format' => $this->format->value,
            'thread_id' => $this->threadId,
            'steps' => array_map(static fn (Step $step): array => [
                'step' => $step->name->value,
                'host' => $step->host,
                'status' => $step->status,
                'elapsed_ms' => $step->elapsed * 1000,
            ], $this->steps),
        ];
    }
}
