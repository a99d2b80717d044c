<?php

declare(strict_types=1);

namespace SendIm\Internal;

use SendIm\Client;
use SendIm\Sandbox;

/**
 * The sessions that are open, to be signed out where their destructor comes too late or never.
 *
 * @internal
 */
final class Sessions
{
    /** Seconds that sends under way get after a fatal error. */
    private const BOUND = 3;
    private const FATAL = E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_PARSE | E_USER_ERROR | E_RECOVERABLE_ERROR;

    /** @var \WeakMap<Client, \WeakReference<Sandbox>|null>|null each client and the sandbox it signed in to */
    private static ?\WeakMap $open = null;

    private static bool $ending = false;
    /** @var list<LastToGo> */
    private static array $last = [];

    public static function add(Client $client, ?Sandbox $sandbox): void
    {
        if (self::$open === null) {
            self::$open = new \WeakMap();
            register_shutdown_function(self::atTheEnd(...));
        }
        self::$open[$client] = $sandbox === null ? null : \WeakReference::create($sandbox);
    }

    /**
     * At the end of a script, puts off the end of a client that is being destroyed; else false.
     */
    public static function defer(Client $client): bool
    {
        if (self::$ending) {
            self::$last[] = new LastToGo($client);
        }

        return self::$ending;
    }

    /**
     * Signs out the clients of a sandbox that is about to end: at the end of a script, objects may go in any order.
     */
    public static function leave(Sandbox $sandbox): void
    {
        foreach (self::$open ?? [] as $client => $server) {
            if ($server?->get() === $sandbox) {
                $client->leave();
            }
        }
    }

    /**
     * After a fatal error PHP calls shutdown functions and no destructors.
     */
    private static function atTheEnd(): void
    {
        self::$ending = true;
        if (((error_get_last()['type'] ?? 0) & self::FATAL) === 0) {
            return;
        }
        // Once more, to come after the functions that were registered later than this one: they may send.
        register_shutdown_function(static function (): void {
            foreach (self::$open ?? [] as $client => $_) {
                $client->leave(self::BOUND);
            }
        });
    }
}
