<?php

declare(strict_types=1);

namespace SendIm\Internal;

/**
 * The header of the native library in the form that FFI reads: no comments, no preprocessor, nothing for C++.
 *
 * It is made from the header that lies next to the library, so the two cannot differ.
 *
 * @internal
 */
final class Header
{
    public static function declarations(string $header): string
    {
        $bare = preg_replace(
            [
                '~/\*.*?\*/|//[^\n]*~s',
                '~^\#ifdef __cplusplus$.*?^\#endif\h*$~ms',
                '~^\h*\#.*$|\bSEND_IM_(?:API|MUST_USE)\b~m',
                '~\bSEND_IM_ENUM\((\w+)\)~',
                '~\s+~',
            ],
            [' ', '', '', 'typedef int32_t $1; enum $1', ' '],
            $header,
        );

        return trim((string) $bare);
    }
}
