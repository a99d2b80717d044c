<?php

declare(strict_types=1);

namespace SendIm;

use SendIm\Exception\SendImException;

/**
 * What sends messages: a {@see Client} or, in the tests of a program, what stands in its place.
 */
interface MessageSenderInterface
{
    /**
     * Sends one message and waits for its delivery.
     *
     * The arguments are those of {@see send_im()}; after `$timeout` a client takes at most 2 s more.
     *
     * @throws SendImException a {@see Exception\ClosedException} after {@see Client::signOut()}
     */
    public function send(
        string $to,
        string $text,
        ?string $subject = null,
        Importance $importance = Importance::Normal,
        bool $html = false,
        int|float $timeout = 60,
        Wait $wait = Wait::Delivered,
    ): Receipt;

    /**
     * Sends many messages, a client some tens at a time. One bad message does not hide what became of the rest.
     *
     * @param iterable<Message> $messages a message's timeout begins when its turn comes
     * @return list<Receipt|SendImException> for each message, in the same order, its receipt or what kept it back
     * @throws SendImException a {@see Exception\ClosedException} after {@see Client::signOut()}
     */
    public function sendAll(iterable $messages): array;
}
