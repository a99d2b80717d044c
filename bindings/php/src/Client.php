<?php

declare(strict_types=1);

namespace SendIm;

use FFI\CData;
use Psr\Log\LoggerInterface;
use SendIm\Exception\ClosedException;
use SendIm\Exception\InvalidInputException;
use SendIm\Exception\SendImException;
use SendIm\Internal\Failure;
use SendIm\Internal\Library;
use SendIm\Internal\Log;
use SendIm\Internal\Options;
use SendIm\Internal\Proof;
use SendIm\Internal\Sessions;
use SendIm\Internal\Text;

/**
 * One session: signs in once, sends any number of messages, signs out.
 *
 * When the last variable that holds it goes, at the latest at the end of the script, it does what {@see signOut()}
 * does.
 * A client made before a fork belongs to the parent process; in the child its methods throw a
 * {@see ClosedException}.
 */
final class Client implements MessageSenderInterface
{
    private const NO_BOUND = -1;

    private readonly ?string $address;
    private readonly ?Sandbox $sandbox;
    private ?CData $session;
    private bool $open = true;

    private function __construct(
        private readonly Library $library,
        Account $account,
        int|float $timeout,
        private readonly ?LoggerInterface $logger,
    ) {
        $this->address = $account->address;
        $this->sandbox = $account->server instanceof Sandbox ? $account->server : null;
        $bound = ['timeout_ms' => (string) Text::milliseconds('timeout', $timeout)];
        $options = new Options($library, $account->options() + $bound);
        $this->session = $library->await('send_im_client', 'send_im_client_sign_in', $options->handle);
        Sessions::add($this, $this->sandbox);
    }

    /**
     * Signs in and opens a session.
     *
     * @param Account|null         $account who sends; null: the stored account, see {@see Account}
     * @param int|float            $timeout how long signing in may take, in seconds
     * @param LoggerInterface|null $logger  told of each step of a send at debug level, once the send has ended, or of
     *                                      the exception at error level
     * @throws SendImException
     */
    public static function signIn(
        ?Account $account = null,
        int|float $timeout = 60,
        ?LoggerInterface $logger = null,
    ): self {
        try {
            $client = new self(Library::get(), $account ?? new Account(), $timeout, $logger);
        } catch (SendImException $e) {
            Log::failure($logger, $e);
            throw $e;
        }
        Log::debug($logger, 'signed in');

        return $client;
    }

    /** {@inheritDoc} */
    public function send(
        string $to,
        #[\SensitiveParameter]
        string $text,
        #[\SensitiveParameter]
        ?string $subject = null,
        Importance $importance = Importance::Normal,
        bool $html = false,
        int|float $timeout = 60,
        Wait $wait = Wait::Delivered,
    ): Receipt {
        $message = new Message($to, $text, $subject, $importance, $html, $timeout, $wait);

        return Log::told(
            $this->logger,
            fn (): Receipt => Proof::sent($this->library, 'send_im_client_send', $message, [], $this->session()),
        );
    }

    /** {@inheritDoc} */
    public function sendAll(iterable $messages): array
    {
        $session = $this->open ? $this->session() : throw self::signedOut();
        $outcomes = [];
        $places = [];
        $list = $this->library->call('send_im_messages_new');
        try {
            foreach ($messages as $message) {
                $outcomes[] = $refused = $this->add($list, $message);
                if ($refused === null) {
                    $places[] = \count($outcomes) - 1;
                }
            }
            $results = $this->library->await('send_im_results', 'send_im_client_send_all', $session, $list);
            try {
                foreach ($places as $index => $place) {
                    $outcomes[$place] = $this->outcome($results, $index);
                }
            } finally {
                $this->library->call('send_im_results_free', $results);
            }
        } finally {
            $this->library->call('send_im_messages_free', $list);
        }
        foreach ($outcomes as $outcome) {
            $outcome instanceof Receipt ? Log::receipt($this->logger, $outcome) : Log::failure($this->logger, $outcome);
        }

        return $outcomes;
    }

    /**
     * Ends every send under way at once, which are those that were only submitted: invitations that ring are
     * withdrawn. Later sends throw a {@see ClosedException}. The session is still to be signed out.
     *
     * @throws SendImException in a process that was forked after the client was made
     */
    public function cancelAll(): void
    {
        if ($this->session !== null) {
            $this->library->run('send_im_client_cancel_all', $this->session);
        }
    }

    /**
     * Waits for the sends under way, which are those that were only submitted; each ends with its own timeout at the
     * latest. Then closes the session on the server, in at most 3 s. A second call does nothing.
     *
     * @param int|float|null $timeout how long to wait for the sends under way, in seconds; what has not ended by then
     *                                is cancelled, as by {@see cancelAll()}. Null: no bound
     * @throws SendImException the server could not be told; it ends the session by itself after a while
     */
    public function signOut(int|float|null $timeout = null): void
    {
        if ($timeout !== null && $timeout < 0) {
            throw new InvalidInputException('The timeout is negative.');
        }
        $bound = $timeout === null ? self::NO_BOUND : Text::milliseconds('timeout', $timeout);
        if ($this->session === null) {
            return;
        }
        $this->open = false;
        $this->library->await(null, 'send_im_client_sign_out', $this->session, $bound);
        Log::debug($this->logger, 'signed out');
    }

    /**
     * True until {@see signOut()}.
     */
    public function isOpen(): bool
    {
        return $this->open;
    }

    /**
     * @return array<string, mixed> who sends; no secret
     */
    public function __debugInfo(): array
    {
        return ['address' => $this->address, 'open' => $this->open];
    }

    public function __serialize(): array
    {
        throw new \LogicException('A session cannot be serialized.');
    }

    private function __clone()
    {
    }

    public function __destruct()
    {
        if (!Sessions::defer($this)) {
            $this->leave();
        }
    }

    /**
     * Signs out, if that was not done. Whatever comes of it, no exception.
     *
     * @internal
     */
    public function leave(?int $timeout = null): void
    {
        if (!isset($this->session)) {
            return;
        }
        try {
            if ($this->open) {
                $this->signOut($timeout);
            }
        } catch (SendImException $e) {
            // In a forked child the session is the parent's, and there is nothing to tell.
            if ($e->kind !== ErrorKind::Closed) {
                Log::failure($this->logger, $e);
            }
        }
        $this->library->call('send_im_client_free', $this->session);
        $this->session = null;
    }

    private function session(): CData
    {
        return $this->session ?? throw self::signedOut();
    }

    private static function signedOut(): ClosedException
    {
        return new ClosedException('The client is signed out.');
    }

    private function add(CData $list, mixed $message): ?SendImException
    {
        if (!$message instanceof Message) {
            throw new \TypeError('sendAll() takes SendIm\Message, not ' . get_debug_type($message));
        }
        try {
            $options = new Options($this->library, Options::ofMessage($message));
            $this->library->run('send_im_messages_add', $list, $options->handle, ...Text::ofMessage($message));
        } catch (SendImException $e) {
            return $e;
        }

        return null;
    }

    private function outcome(CData $results, int $index): Receipt|SendImException
    {
        $receipt = $this->library->call('send_im_results_receipt', $results, $index);
        if ($receipt !== null) {
            return Proof::of($this->library, $receipt);
        }
        $error = $this->library->call('send_im_results_error', $results, $index);

        return Failure::from($this->library->described('send_im_error_to_json', $error));
    }
}
