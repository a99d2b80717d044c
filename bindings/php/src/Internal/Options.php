<?php

declare(strict_types=1);

namespace SendIm\Internal;

use FFI\CData;
use SendIm\Exception\SendImException;
use SendIm\Message;

/**
 * Options of the native library, which wipes them when this object goes.
 *
 * @internal
 */
final class Options
{
    public readonly CData $handle;

    /**
     * @param array<string, string|null> $values by the names of the native library; null: not given
     * @throws SendImException
     */
    public function __construct(private readonly Library $library, #[\SensitiveParameter] array $values)
    {
        $this->handle = $library->call('send_im_options_new');
        try {
            foreach ($values as $name => $value) {
                if ($value !== null) {
                    $library->run('send_im_options_set', $this->handle, $name, Text::whole($name, $value));
                }
            }
        } catch (SendImException $e) {
            // An object whose constructor throws has no destructor.
            $this->__destruct();
            throw $e;
        }
    }

    public function __destruct()
    {
        $this->library->call('send_im_options_free', $this->handle);
    }

    /**
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return [];
    }

    /**
     * How a message goes.
     *
     * @return array<string, string|null>
     * @throws SendImException
     */
    public static function ofMessage(Message $message): array
    {
        return [
            'subject' => $message->subject,
            'importance' => $message->importance->value,
            'html' => $message->html ? 'true' : null,
            'wait' => $message->wait->value,
            'timeout_ms' => (string) Text::milliseconds('timeout', $message->timeout),
        ];
    }
}
