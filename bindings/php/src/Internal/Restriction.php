<?php

declare(strict_types=1);

namespace SendIm\Internal;

use SendIm\Exception\LibraryUnavailableException;

/**
 * What PHP's configuration forbids, and what to write where.
 *
 * @internal
 */
final class Restriction
{
    private const FFI_PRELOAD = 'ffi.preload=FILE (the file that vendor/bin/send-im-header writes)';

    /**
     * @throws LibraryUnavailableException
     */
    public static function refuseIfOff(): void
    {
        if (!\extension_loaded('ffi')) {
            throw new LibraryUnavailableException(sprintf(
                'send-im needs the extension FFI, which this PHP lacks; install it or write extension=ffi into %s.',
                self::ini(),
            ));
        }
        if (!self::isPreload() && !filter_var(\ini_get('ffi.enable'), FILTER_VALIDATE_BOOL)) {
            throw self::refused();
        }
    }

    /**
     * Refuses where FFI is for preloaded files only; the command line has it in any case.
     *
     * @throws LibraryUnavailableException
     */
    public static function refuseIfPreloadOnly(): void
    {
        if (self::isPreload() && PHP_SAPI !== 'cli') {
            throw self::refused();
        }
    }

    /**
     * PHP preloads as `opcache.preload_user` in a process of its own, in which FFI can load nothing that stays.
     *
     * @throws LibraryUnavailableException
     */
    public static function refuseIfPreloadedAsAnotherUser(): void
    {
        if ((string) \ini_get('opcache.preload_user') !== '') {
            throw new LibraryUnavailableException(sprintf(
                'With opcache.preload_user PHP loads libraries by ffi.preload alone: write %s into %s and restart PHP.',
                self::FFI_PRELOAD,
                self::ini(),
            ));
        }
    }

    private static function isPreload(): bool
    {
        return strtolower((string) \ini_get('ffi.enable')) === 'preload';
    }

    private static function refused(): LibraryUnavailableException
    {
        $way = \in_array(PHP_SAPI, ['cli', 'cli-server'], true)
            ? 'or start PHP with -d ffi.enable=true'
            : sprintf(
                'or ffi.enable=preload, opcache.preload=%s and %s, then restart PHP',
                \dirname(__DIR__, 2) . '/preload.php',
                self::FFI_PRELOAD,
            );

        return new LibraryUnavailableException(sprintf(
            'send-im needs FFI, which ffi.enable=%s forbids in the SAPI %s: write ffi.enable=true into %s, %s.',
            \ini_get('ffi.enable') ?: '0',
            PHP_SAPI,
            self::ini(),
            $way,
        ));
    }

    private static function ini(): string
    {
        return php_ini_loaded_file() ?: 'php.ini';
    }
}
