<?php

declare(strict_types=1);

namespace SendIm;

use Psr\Log\LoggerInterface;
use SendIm\Exception\SendImException;
use SendIm\Internal\Library;
use SendIm\Internal\Log;
use SendIm\Internal\Proof;

// It is there already where a preload file loaded Composer's autoloader.
if (!\function_exists('SendIm\send_im')) {
    /**
     * Signs in, sends one message, waits for its delivery and signs out. For more than one message, {@see Client}
     * signs in once.
     *
     * @param string               $to         the recipient's address, `user@domain`; `sip:` is optional
     * @param string               $text       the text, in UTF-8, or html with `$html`
     * @param Account|null         $account    who sends; null: the stored account, see {@see Account}
     * @param string|null          $subject    at most 250 UTF-16 units, on one line
     * @param Importance           $importance how the recipient's client shows it
     * @param bool                 $html       true if the text is html. A recipient whose side takes none gets its
     *                                         plain-text rendering
     * @param int|float            $timeout    how long the message has to be delivered, in seconds. An invitation
     *                                         rings until then, unless the server gives up before. After it the
     *                                         call takes at most 2 s more to withdraw the invitation and learn what
     *                                         came of it, and another 3 s to close its session
     * @param Wait                 $wait       what the call waits for
     * @param LoggerInterface|null $logger     told of each step at debug level, once the call has ended, or of the
     *                                         exception at error level
     * @return Receipt who accepted, and what proves it
     * @throws SendImException its `$sent` says whether the message can have arrived all the same
     */
    function send_im(
        string $to,
        #[\SensitiveParameter]
        string $text,
        ?Account $account = null,
        #[\SensitiveParameter]
        ?string $subject = null,
        Importance $importance = Importance::Normal,
        bool $html = false,
        int|float $timeout = 60,
        Wait $wait = Wait::Delivered,
        ?LoggerInterface $logger = null,
    ): Receipt {
        $message = new Message($to, $text, $subject, $importance, $html, $timeout, $wait);
        $account ??= new Account();

        return Log::told(
            $logger,
            static fn (): Receipt => Proof::sent(Library::get(), 'send_im', $message, $account->options()),
        );
    }
}
