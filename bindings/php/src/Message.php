<?php

declare(strict_types=1);

namespace SendIm;

/**
 * A message to one recipient, for {@see Client::sendAll()}. `var_dump` and `print_r` show neither text nor subject.
 */
final class Message
{
    /**
     * The values are checked when the message is sent.
     *
     * @param string      $to         the recipient's address, `user@domain`; `sip:` is optional
     * @param string      $text       the text, in UTF-8, or html with `$html`
     * @param string|null $subject    at most 250 UTF-16 units, on one line
     * @param Importance  $importance how the recipient's client shows it
     * @param bool        $html       true if the text is html. A recipient whose side takes none gets plain text
     * @param int|float   $timeout    how long the message has to be delivered, in seconds. An invitation rings until
     *                                then, unless the server gives up before. After it the call takes at most 2 s more
     *                                to withdraw the invitation and learn what came of it
     * @param Wait        $wait       what the call waits for
     */
    public function __construct(
        public readonly string $to,
        #[\SensitiveParameter]
        public readonly string $text,
        #[\SensitiveParameter]
        public readonly ?string $subject = null,
        public readonly Importance $importance = Importance::Normal,
        public readonly bool $html = false,
        public readonly int|float $timeout = 60,
        public readonly Wait $wait = Wait::Delivered,
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
