<?php

declare(strict_types=1);

namespace SendIm;

/**
 * A message that reached a recipient of a {@see Sandbox}. `var_dump` and `print_r` show neither text nor subject.
 */
final class Delivered
{
    /**
     * @param int                $number       counts deliveries, from 1
     * @param string             $from         the sender's address
     * @param string             $to           the address the sender asked for
     * @param string             $acceptedBy   the address that took it; another one than `$to` after a call-forward
     * @param string|null        $subject      the subject
     * @param Importance         $importance   how it is shown
     * @param Format             $format       plain or html
     * @param string             $text         the text as it was sent
     * @param string             $via          `invitation` if the text came with the invitation, else `message`
     * @param string             $conversation the conversation it belongs to
     * @param string             $threadId     the thread of that conversation
     * @param \DateTimeImmutable $receivedAt   when the recipient got it, UTC
     */
    public function __construct(
        public readonly int $number,
        public readonly string $from,
        public readonly string $to,
        public readonly string $acceptedBy,
        #[\SensitiveParameter]
        public readonly ?string $subject,
        public readonly Importance $importance,
        public readonly Format $format,
        #[\SensitiveParameter]
        public readonly string $text,
        public readonly string $via,
        public readonly string $conversation,
        public readonly string $threadId,
        public readonly \DateTimeImmutable $receivedAt,
    ) {
    }

    /**
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return array_diff_key(get_object_vars($this), ['text' => true, 'subject' => true]);
    }
}
