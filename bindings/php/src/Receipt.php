<?php

declare(strict_types=1);

namespace SendIm;

/**
 * Proof of a send.
 */
final class Receipt
{
    /**
     * Who accepted: someone else than `$to` after a call-forward; null when only submitted, or where the server does
     * not say. Accepted does not mean read: some clients accept by themselves.
     */
    public readonly ?string $acceptedBy;

    /**
     * Also for a program's own tests: `new Receipt('lenea@contoso.com')` is plain text that the recipient accepted.
     *
     * @param string      $to         the recipient's address as asked, without `sip:`
     * @param string|null $acceptedBy who accepted; empty: `$to`, or null when only submitted
     * @param Evidence    $evidence   what the receipt rests on
     * @param Format      $format     the form in which the text went
     * @param string|null $threadId   the server's id of the conversation's thread
     * @param list<Step>  $steps      each step in order; after `send_im()` they begin with discovery
     */
    public function __construct(
        public readonly string $to,
        ?string $acceptedBy = '',
        public readonly Evidence $evidence = Evidence::InvitationAccepted,
        public readonly Format $format = Format::Plain,
        public readonly ?string $threadId = null,
        public readonly array $steps = [],
    ) {
        $taker = $evidence === Evidence::Submitted ? null : $to;
        $this->acceptedBy = $acceptedBy === '' ? $taker : $acceptedBy;
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
