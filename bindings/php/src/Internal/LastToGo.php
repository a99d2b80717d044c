<?php

declare(strict_types=1);

namespace SendIm\Internal;

use SendIm\Client;

/**
 * Signs out a client at the end of a script, after the script's own destructors, which may send.
 *
 * PHP then destroys what is left in the order in which it was made, whoever holds it: a client before most that use it.
 * This is made during that, so its turn comes after what the script has made.
 *
 * @internal
 */
final class LastToGo
{
    public function __construct(private readonly Client $client)
    {
    }

    public function __destruct()
    {
        $this->client->leave();
    }
}
