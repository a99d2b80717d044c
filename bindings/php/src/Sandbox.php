<?php

declare(strict_types=1);

namespace SendIm;

use FFI\CData;
use SendIm\Exception\ClosedException;
use SendIm\Exception\InvalidInputException;
use SendIm\Exception\SendImException;
use SendIm\Internal\Library;
use SendIm\Internal\Sessions;
use SendIm\Internal\Text;

/**
 * A server that behaves like a Skype for Business pool, on a free port of 127.0.0.1, for demonstrations and tests. It
 * runs in this process until {@see stop()}, or until the last variable that holds it goes.
 *
 * Any account signs in with any password (except `wrong`). A recipient behaves by the local part of the address:
 * `declines@`, `silent@`, `busy@`, `offline@`, `unknown@`, `slow@`, `forwards@`, `drops@`, `echo@`; anyone else accepts
 * at once.
 */
final class Sandbox
{
    /** The discovery root, for the `server` of an {@see Account}, which takes the sandbox itself too. */
    public readonly string $url;
    /** With https, a PEM file with the certificate authority; it is removed with the sandbox. */
    public readonly ?string $caFile;

    private readonly Library $library;
    private ?CData $server;

    /**
     * Starts a sandbox.
     *
     * @param Layout                $layout        one pool, or how several share the work
     * @param bool                  $https         true for https with a certificate authority made for this sandbox
     * @param int|float             $ring          how long an invitation to `silent@` rings, in seconds
     * @param int|float             $slow          how long `slow@` takes to accept, in seconds
     * @param string|null           $listen        address and port, such as `127.0.0.1:8080`; null: a free port
     * @param array<string, string> $users         passwords by address; once there is one, only these users sign in
     * @param int|float|null        $tokenLifetime how long a token is valid, in seconds; null: as a real server
     * @param int|float|null        $pollTimeout   how long an empty request for events is held, in seconds; null: as a
     *                                             real server
     * @param string|null           $redirectTo    the discovery root answers only with a redirect to this URL
     * @param string|null           $hostName      a DNS name for the certificate and for every link
     * @throws SendImException
     */
    public function __construct(
        Layout $layout = Layout::OnePool,
        bool $https = false,
        int|float $ring = 30,
        int|float $slow = 3,
        ?string $listen = null,
        #[\SensitiveParameter]
        array $users = [],
        int|float|null $tokenLifetime = null,
        int|float|null $pollTimeout = null,
        ?string $redirectTo = null,
        ?string $hostName = null,
    ) {
        $time = static fn (string $name, int|float|null $seconds): ?int =>
            $seconds === null ? null : Text::milliseconds($name, $seconds);
        $accounts = [];
        foreach ($users as $address => $password) {
            $accounts[] = ['address' => (string) $address, 'password' => $password];
        }
        $this->library = Library::get();
        $this->server = $this->library->make('send_im_sandbox', 'send_im_sandbox_start', self::json([
            'layout' => $layout->value,
            'https' => $https,
            'listen' => $listen,
            'ring_ms' => $time('ring', $ring),
            'slow_ms' => $time('slow', $slow),
            'token_lifetime_ms' => $time('tokenLifetime', $tokenLifetime),
            'poll_timeout_ms' => $time('pollTimeout', $pollTimeout),
            'users' => $accounts,
            'redirect_to' => $redirectTo,
            'host_name' => $hostName,
        ]));
        $this->url = $this->library->call('send_im_sandbox_url', $this->server);
        $this->caFile = $this->library->call('send_im_sandbox_ca_file', $this->server);
    }

    /**
     * An account that signs in here.
     */
    public function account(string $address, #[\SensitiveParameter] string $password = 'x'): Account
    {
        return new Account($address, $password, server: $this);
    }

    /**
     * What was delivered to this address, oldest first.
     *
     * @return list<Delivered>
     * @throws SendImException
     */
    public function inbox(string $address): array
    {
        $address = Text::whole('address', $address);

        return $this->delivered($this->library->text('send_im_sandbox_inbox', $this->server(), $address));
    }

    /**
     * Everything delivered, oldest first.
     *
     * @return list<Delivered>
     * @throws SendImException
     */
    public function messages(): array
    {
        return $this->delivered($this->library->text('send_im_sandbox_inbox', $this->server(), null));
    }

    /**
     * Waits until so many messages were delivered in all, and gives them.
     *
     * @param int       $count   how many
     * @param int|float $timeout how long to wait at most, in seconds
     * @return list<Delivered>
     * @throws SendImException a {@see Exception\TimeoutException} where it takes longer
     */
    public function waitFor(int $count, int|float $timeout = 10): array
    {
        $timeout = Text::milliseconds('timeout', $timeout);
        $server = $this->server();

        return $this->delivered($this->library->text('send_im_sandbox_wait_for', $server, max(0, $count), $timeout));
    }

    /**
     * Asks the sandbox's own HTTP interface, for what has no method here; the README of `send-im-sandbox` lists it.
     *
     * @param string $method `GET`, `POST`, `PUT` or `DELETE`
     * @param string $path   what follows `/sandbox/api/`: `journal` (every request received), `state`,
     *                       `tokens/ADDRESS`, `actions/revoke-tokens` …
     * @param mixed  $body   sent as JSON, unless it is null
     * @return mixed the response's JSON, objects as arrays; null where it is empty
     * @throws SendImException an {@see InvalidInputException} where the sandbox refuses the request
     */
    public function request(string $method, string $path, mixed $body = null): mixed
    {
        $answer = $this->library->text(
            'send_im_sandbox_request',
            $this->server(),
            Text::whole('method', $method),
            Text::whole('path', $path),
            $body === null ? null : self::json($body),
        );

        return $answer === '' ? null : json_decode($answer, true, flags: JSON_THROW_ON_ERROR);
    }

    /**
     * Makes something go wrong.
     *
     * @param string                      $route  the requests it lies on: `discovery`, `user`, `token`, `applications`,
     *                                            `events`, `start_messaging`, `send_message`, `stop_messaging`,
     *                                            `delete_application` or `any`
     * @param string|array<string, mixed> $action what happens: `['status' => ['http' => 503, 'retry_after' => 1]]`,
     *                                            `['delay' => ['ms' => 50]]`, `drop_before`, `drop_after` (the answer
     *                                            is lost), `cut_body`, `html_instead`, `wrong_content_type`,
     *                                            `['oversized' => ['bytes' => 100_000]]`, `duplicate_events`,
     *                                            `['delay_events' => ['ms' => 50]]`, `bare_events`, `early_events` or
     *                                            `skip_states`
     * @param int                         $skip   so many requests pass unharmed first
     * @param int                         $times  so many requests are hit; 0: all until {@see clearFaults()}
     * @throws SendImException an {@see InvalidInputException} where there is no such route or action
     */
    public function addFault(string $route, string|array $action, int $skip = 0, int $times = 1): void
    {
        $fault = self::json(['route' => $route, 'action' => $action, 'skip' => $skip, 'times' => $times]);
        $this->library->run('send_im_sandbox_add_fault', $this->server(), $fault);
    }

    /**
     * Takes every fault away.
     *
     * @throws SendImException
     */
    public function clearFaults(): void
    {
        $this->request('DELETE', 'faults');
    }

    /**
     * Stops the sandbox. What it had delivered is gone. A second call does nothing.
     */
    public function stop(): void
    {
        if (isset($this->server)) {
            $this->library->call('send_im_sandbox_free', $this->server);
            $this->server = null;
        }
    }

    /**
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return ['url' => $this->url, 'caFile' => $this->caFile, 'running' => $this->server !== null];
    }

    public function __serialize(): array
    {
        throw new \LogicException('A running server cannot be serialized.');
    }

    private function __clone()
    {
    }

    public function __destruct()
    {
        Sessions::leave($this);
        $this->stop();
    }

    private function server(): CData
    {
        return $this->server ?? throw new ClosedException('The sandbox is stopped.');
    }

    private static function json(#[\SensitiveParameter] mixed $value): string
    {
        try {
            return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
        } catch (\JsonException $e) {
            throw new InvalidInputException("The sandbox takes what can be written as JSON: {$e->getMessage()}.");
        }
    }

    /**
     * @return list<Delivered>
     */
    private function delivered(#[\SensitiveParameter] string $messages): array
    {
        return array_map(static fn (array $message): Delivered => new Delivered(
            number: $message['number'],
            from: $message['from'],
            to: $message['to'],
            acceptedBy: $message['accepted_by'],
            subject: $message['subject'] ?? null,
            importance: Importance::tryFrom(strtolower($message['importance'])) ?? Importance::Normal,
            format: Format::tryFrom(str_replace('text/', '', $message['format'])) ?? Format::Unknown,
            text: $message['text'],
            via: $message['via'],
            conversation: $message['conversation'],
            threadId: $message['thread_id'],
            receivedAt: self::moment($message['received_at']),
        ), json_decode($messages, true, flags: JSON_THROW_ON_ERROR));
    }

    private static function moment(int $milliseconds): \DateTimeImmutable
    {
        $text = sprintf('%d.%03d', intdiv($milliseconds, 1000), $milliseconds % 1000);

        return new \DateTimeImmutable("@{$text}");
    }
}
