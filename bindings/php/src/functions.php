<?php

declare(strict_types=1);

namespace SendIm;

use Psr\Log\LoggerInterface;
use SendIm\Exception\SendImException;
use SendIm\Internal\Library;
use SendIm\Internal\Log;
use SendIm\Internal\Options;
use SendIm\Internal\Proof;
use SendIm\Internal\Text;

// It is there already where a preload file loaded Composer's autoloader.
if (!\function_exists('SendIm\send_im')) {
    /**
     * Signs in, sends one message, waits for its delivery and signs out. For more than one message, {@see Client}
     * signs in once.
     *
     * Without `$address` the account comes from `SEND_IM_ADDRESS`, `SEND_IM_USERNAME`, `SEND_IM_PASSWORD`,
     * `SEND_IM_SERVER`, `SEND_IM_CA_FILE` and `SEND_IM_TLS`, then from `send-im/config.toml` in the configuration
     * folder.
     *
     * @param string               $to             the recipient's address, `user@domain`; `sip:` is optional
     * @param string               $text           the text, in UTF-8, or html with `$html`
     * @param string|null          $subject        at most 250 UTF-16 units, on one line
     * @param Importance|string    $importance     an {@see Importance} or its value
     * @param bool                 $html           true if the text is html. A recipient whose side takes none gets its
     *                                             plain-text rendering
     * @param int|float            $timeout        how long the message has to be delivered, in seconds. An invitation
     *                                             rings until then, unless the server gives up before. After it the
     *                                             call takes at most 2 s more to withdraw the invitation and learn what
     *                                             came of it, and another 3 s to close its session
     * @param Wait|string          $wait           a {@see Wait} or its value
     * @param string|null          $address        the sender's address; null: the stored account
     * @param string|null          $username       the name to sign in with where it is not the address, such as
     *                                             `'CONTOSO\smith'`
     * @param string|null          $password       the password; null with an address and no token: `SEND_IM_PASSWORD`
     * @param string|Sandbox|null  $server         the discovery root; null: found by the sender's domain
     * @param string|null          $caFile         certificate authorities to trust besides the system's, PEM or DER
     * @param Tls|string|null      $tls            a {@see Tls} or its value; `compatible` takes older cipher suites
     *                                             too; null: `SEND_IM_TLS`
     * @param string|null          $token          a bearer token in place of a password, without the word `Bearer`
     * @param list<string>         $trustedDomains further domains the server may lead to, such as `contoso.net`
     * @param LoggerInterface|null $logger         told of each step at debug level, once the call has ended
     * @return Receipt who accepted, and what proves it
     * @throws SendImException its `$sent` says whether the message can have arrived all the same
     */
    function send_im(
        string $to,
        #[\SensitiveParameter]
        string $text,
        #[\SensitiveParameter]
        ?string $subject = null,
        Importance|string $importance = Importance::Normal,
        bool $html = false,
        int|float $timeout = 60,
        Wait|string $wait = Wait::Delivered,
        ?string $address = null,
        ?string $username = null,
        #[\SensitiveParameter]
        ?string $password = null,
        string|Sandbox|null $server = null,
        ?string $caFile = null,
        Tls|string|null $tls = null,
        #[\SensitiveParameter]
        ?string $token = null,
        array $trustedDomains = [],
        ?LoggerInterface $logger = null,
    ): Receipt {
        try {
            $library = Library::get();
            $message = new Message($to, $text, $subject, $importance, $html, $timeout, $wait);
            $options = new Options($library, Options::ofMessage($message) + Options::ofAccount(
                $address,
                $username,
                $password,
                $token,
                $server,
                $caFile,
                $tls,
                $trustedDomains,
                $timeout,
            ));
            $receipt = Proof::taken($library, $library->make(
                'send_im_receipt',
                'send_im',
                $options->handle,
                Text::whole('recipient', $to),
                Text::whole('text', $text),
            ));
        } catch (SendImException $e) {
            Log::failure($logger, $e);
            throw $e;
        }
        Log::receipt($logger, $receipt);

        return $receipt;
    }
}
