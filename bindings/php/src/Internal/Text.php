<?php

declare(strict_types=1);

namespace SendIm\Internal;

use SendIm\Exception\InvalidInputException;
use SendIm\Message;

/**
 * Values on their way to the native library. No error shows one: it may be secret.
 *
 * @internal
 */
final class Text
{
    private const LONGEST = 1_000_000_000;

    /**
     * A text without a NUL, at which C would cut it. That it is UTF-8 is checked on the other side.
     *
     * @template T of string|null
     * @param T $value
     * @return T
     * @throws InvalidInputException
     */
    public static function whole(string $name, #[\SensitiveParameter] ?string $value): ?string
    {
        if ($value !== null && str_contains($value, "\0")) {
            throw new InvalidInputException("The {$name} holds a NUL character.");
        }

        return $value;
    }

    /**
     * @return array{string, string} the recipient and the text
     * @throws InvalidInputException
     */
    public static function ofMessage(Message $message): array
    {
        return [self::whole('recipient', $message->to), self::whole('text', $message->text)];
    }

    /**
     * Whole milliseconds. What is no time at all becomes zero, which the native library refuses in its own words.
     *
     * @throws InvalidInputException
     */
    public static function milliseconds(string $name, int|float $seconds): int
    {
        if (is_nan((float) $seconds)) {
            throw new InvalidInputException("The {$name} is not a number.");
        }

        return (int) ceil(min(max($seconds, 0), self::LONGEST) * 1000);
    }
}
