<?php

declare(strict_types=1);

namespace SendIm\Internal;

use SendIm\Exception\LibraryUnavailableException;

/**
 * Where the native library and its header may be.
 *
 * @internal
 */
final class Places
{
    /**
     * The text of the header.
     *
     * @throws LibraryUnavailableException
     */
    public static function header(): string
    {
        $file = self::folder() . '/send_im.h';
        $text = is_file($file) ? file_get_contents($file) : false;

        return $text !== false ? $text : throw new LibraryUnavailableException(
            "The package send-im/send-im is not complete: there is no {$file}.",
        );
    }

    /**
     * What `$load` makes of the first library it can load.
     *
     * @template T
     * @param \Closure(string): T $load
     * @return T
     * @throws LibraryUnavailableException
     */
    public static function first(\Closure $load): mixed
    {
        $tried = [];
        foreach (self::libraries() as $library) {
            try {
                if (str_contains($library, '/') && !is_file($library)) {
                    throw new \FFI\Exception('there is no such file');
                }

                return $load($library);
            } catch (\FFI\Exception $e) {
                $tried[$library] = Unloadable::why($library, $e->getMessage());
            }
        }
        throw new LibraryUnavailableException(Unloadable::told($tried));
    }

    /**
     * The one that SEND_IM_LIBRARY names; or the package's own for this platform, then the one that the system knows.
     *
     * @return list<string>
     */
    private static function libraries(): array
    {
        $named = (string) getenv('SEND_IM_LIBRARY');
        if ($named !== '') {
            return [$named];
        }
        $system = match (PHP_OS_FAMILY) {
            'Darwin' => 'libsend_im.' . Library::ABI . '.dylib',
            'Windows' => 'send_im.dll',
            default => 'libsend_im.so.' . Library::ABI,
        };

        return [self::own(), $system];
    }

    /**
     * The package's own library for this platform.
     */
    public static function own(): string
    {
        $name = match (PHP_OS_FAMILY) {
            'Darwin' => 'libsend_im.dylib',
            'Windows' => 'send_im.dll',
            default => 'libsend_im.so',
        };

        return self::folder() . '/' . self::platform() . "/{$name}";
    }

    private static function folder(): string
    {
        return \dirname(__DIR__, 2) . '/lib';
    }

    /**
     * For example `linux-x86_64`, `linux-musl-x86_64` or `darwin-aarch64`.
     */
    private static function platform(): string
    {
        $named = strtolower(php_uname('m'));
        $machine = ['arm64' => 'aarch64', 'amd64' => 'x86_64', 'i586' => 'x86'][$named] ?? $named;
        // The loader that this PHP names at its beginning says which C library it has.
        $head = PHP_OS_FAMILY === 'Linux' ? (string) @file_get_contents('/proc/self/exe', length: 4096) : '';

        return strtolower(PHP_OS_FAMILY) . (str_contains($head, '/ld-musl-') ? '-musl' : '') . "-{$machine}";
    }
}
