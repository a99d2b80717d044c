<?php

declare(strict_types=1);

namespace SendIm\Internal;

use FFI\CData;

/**
 * A call under way, which is cancelled where it is left before its end: a signal's handler has thrown, or called exit.
 *
 * @internal
 */
final class Call
{
    public function __construct(private readonly Library $library, public readonly CData $handle)
    {
    }

    public function __destruct()
    {
        $this->library->call('send_im_call_cancel', $this->handle);
        $this->library->call('send_im_call_free', $this->handle);
    }
}
