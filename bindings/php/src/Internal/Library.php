<?php

declare(strict_types=1);

namespace SendIm\Internal;

use FFI;
use FFI\CData;
use SendIm\Exception\LibraryUnavailableException;

/**
 * The native library. Every use of FFI that `ffi.enable=preload` restricts to preloaded files is in this file.
 *
 * @internal
 */
final class Library
{
    /** The interface of the library this package was written for. */
    public const ABI = 1;

    /** The name under which the preloaded library is found. */
    public const SCOPE = 'SEND_IM';

    /** Milliseconds after which a handler of a signal gets its turn. */
    private const TURN = 50;

    private static ?self $loaded = null;

    /** @var array<string, FFI\CType> the type of the place for a pointer, by what it points to */
    private array $places = [];

    private function __construct(private readonly FFI $ffi)
    {
    }

    /**
     * The library of this request, loaded on first use. Loading starts no thread.
     *
     * @throws LibraryUnavailableException
     */
    public static function get(): self
    {
        return self::$loaded ??= self::load();
    }

    /**
     * Sees to it that the library is there for all processes that come after. For a file of `opcache.preload`.
     *
     * @throws LibraryUnavailableException
     */
    public static function preload(): void
    {
        Restriction::refuseIfOff();
        if (self::scoped() !== null) {
            return;
        }
        Restriction::refuseIfPreloadedAsAnotherUser();
        $file = tempnam(sys_get_temp_dir(), 'send-im-');
        try {
            if ($file === false || file_put_contents($file, self::scope()) === false) {
                throw new LibraryUnavailableException('send-im can write no file into ' . sys_get_temp_dir() . '.');
            }
            FFI::load($file);
        } finally {
            @unlink((string) $file);
        }
    }

    /**
     * A header for `ffi.preload`: the declarations, the name they get and the library they belong to.
     *
     * @throws LibraryUnavailableException
     */
    public static function scope(): string
    {
        Restriction::refuseIfOff();
        $header = Header::declarations(Places::header());
        $library = Places::first(static function (string $library) use ($header): string {
            self::open($header, $library);

            return $library;
        });

        return sprintf("#define FFI_SCOPE \"%s\"\n#define FFI_LIB \"%s\"\n%s\n", self::SCOPE, $library, $header);
    }

    /**
     * Calls a function and gives its value; a text it lends is copied.
     */
    public function call(string $function, #[\SensitiveParameter] mixed ...$arguments): mixed
    {
        return $this->ffi->$function(...$arguments);
    }

    /**
     * Calls a function that gives an error or none.
     *
     * @throws \SendIm\Exception\SendImException
     */
    public function run(string $function, #[\SensitiveParameter] mixed ...$arguments): void
    {
        $error = $this->ffi->$function(...$arguments);
        if ($error === null) {
            return;
        }
        try {
            $told = $this->described('send_im_error_to_json', $error);
        } finally {
            $this->ffi->send_im_error_free($error);
        }
        throw Failure::from($told);
    }

    /**
     * Calls a function whose last argument is the place for an object. The object belongs to the caller.
     *
     * @throws \SendIm\Exception\SendImException
     */
    public function make(string $type, string $function, #[\SensitiveParameter] mixed ...$arguments): CData
    {
        // Made once: FFI remembers each type it parses until the end of the request.
        $place = $this->ffi->new($this->places[$type] ??= $this->ffi->type("{$type} *[1]"));
        $this->run($function, ...[...$arguments, $place]);

        return $place[0];
    }

    /**
     * Makes a call that waits and gives its result, or nothing where `$type` is null. Handlers of signals run
     * meanwhile, where PHP lets them run at any time.
     *
     * @throws \SendIm\Exception\SendImException
     */
    public function await(?string $type, string $function, #[\SensitiveParameter] mixed ...$arguments): ?CData
    {
        $take = $type === null ? 'send_im_call_take' : str_replace('send_im_', 'send_im_call_take_', $type);
        if (\function_exists('pcntl_async_signals') && pcntl_async_signals()) {
            $call = new Call($this, $this->make('send_im_call', "{$function}_begin", ...$arguments));
            while (!$this->ffi->send_im_call_wait($call->handle, self::TURN)) {
                // PHP looks for signals between two functions.
            }
            [$function, $arguments] = [$take, [$call->handle]];
        }

        if ($type !== null) {
            return $this->make($type, $function, ...$arguments);
        }
        $this->run($function, ...$arguments);

        return null;
    }

    /**
     * Calls a function whose last argument is the place for a text.
     *
     * @throws \SendIm\Exception\SendImException
     */
    public function text(string $function, #[\SensitiveParameter] mixed ...$arguments): string
    {
        $text = $this->make('char', $function, ...$arguments);
        try {
            return FFI::string($text);
        } finally {
            $this->ffi->send_im_string_free($text);
        }
    }

    /**
     * Calls a function that writes an object as JSON.
     *
     * @return array<string, mixed>
     */
    public function described(string $function, CData $object): array
    {
        return json_decode($this->ffi->$function($object), true, flags: JSON_THROW_ON_ERROR);
    }

    /**
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return [];
    }

    private static function load(): self
    {
        Restriction::refuseIfOff();
        $preloaded = self::scoped();
        if ($preloaded !== null) {
            return new self($preloaded);
        }
        Restriction::refuseIfPreloadOnly();
        $header = Header::declarations(Places::header());

        return new self(Places::first(
            static fn (string $library): FFI => self::open($header, $library),
        ));
    }

    /**
     * The library that was preloaded, if one was.
     */
    private static function scoped(): ?FFI
    {
        try {
            $ffi = FFI::scope(self::SCOPE);
        } catch (FFI\Exception) {
            return null;
        }
        try {
            return self::checked($ffi);
        } catch (FFI\Exception $e) {
            throw new LibraryUnavailableException("The preloaded library of send-im does not fit: {$e->getMessage()}.");
        }
    }

    /**
     * @throws FFI\Exception which says what the loader says
     */
    private static function open(string $header, string $library): FFI
    {
        try {
            return self::checked(FFI::cdef($header, $library));
        } catch (FFI\Exception $e) {
            $words = $e->getMessage();
            // Before PHP 8.3 FFI keeps the reason to itself.
            if ($words === "Failed loading '{$library}'") {
                $loader = FFI::cdef('void *dlopen(const char *file, int mode); char *dlerror(void);');
                $words .= $loader->dlopen($library, 1) === null ? ': ' . FFI::string($loader->dlerror()) : '';
            }
            throw new FFI\Exception($words);
        }
    }

    private static function checked(FFI $ffi): FFI
    {
        $found = $ffi->send_im_abi_version();
        if ($found !== self::ABI) {
            throw new FFI\Exception(sprintf('its interface is %d, this package needs %d', $found, self::ABI));
        }

        return $ffi;
    }
}
