<?php

declare(strict_types=1);

namespace SendIm\Internal;

/**
 * Why a native library cannot be loaded. The loader itself often says something else: for a library of another
 * processor glibc says that there is no such file.
 *
 * @internal
 */
final class Unloadable
{
    /** The processors of ELF files, by `e_machine`. */
    private const MACHINES = [
        3 => 'x86', 21 => 'ppc64', 22 => 's390x', 40 => 'arm', 62 => 'x86_64', 183 => 'aarch64', 243 => 'riscv64',
    ];

    /**
     * The sentences of the exception.
     *
     * @param array<string, string> $tried why, by place
     */
    public static function told(array $tried): string
    {
        $lines = ['send-im cannot load its native library. It tried:'];
        foreach ($tried as $place => $why) {
            $lines[] = "  {$place}: {$why}";
        }

        return implode("\n", [...$lines, 'SEND_IM_LIBRARY can name the file to load.']);
    }

    /**
     * The cause, and what to do.
     *
     * @param string $words what FFI says
     */
    public static function why(string $place, string $words): string
    {
        if (!str_contains($place, '/')) {
            // A name that the system looks up.
            return $words;
        }
        $archive = self::archive($place);
        if ($archive !== null) {
            return "it lies in the archive {$archive}, from which no library can be loaded; unpack that";
        }
        if (!file_exists($place)) {
            return 'there is no such file; install the package for this platform again';
        }
        [$found, $own] = [self::machine($place), self::machine('/proc/self/exe')];
        if ($found !== null && $own !== null && $found !== $own) {
            return "it is built for {$found} and this program for {$own}; install the package for {$own}";
        }
        if (preg_match('/version [`\']?(GLIBC_[\d.]+)\' not found/', $words, $version)) {
            return "it needs {$version[1]}, and the C library of this system is older; "
                . 'take a newer system, or build the package on this one';
        }
        if (str_contains($words, 'failed to map segment')) {
            return 'its file system is mounted noexec; put the package, or a copy of the library, on another';
        }

        return $words;
    }

    /**
     * A file where a folder should be: a phar, for one.
     */
    private static function archive(string $place): ?string
    {
        $folder = \dirname(preg_replace('~^phar://~', '', $place));
        while (!file_exists($folder) && $folder !== \dirname($folder)) {
            $folder = \dirname($folder);
        }

        return is_file($folder) ? $folder : null;
    }

    /**
     * The processor an ELF file is for.
     */
    private static function machine(string $file): ?string
    {
        $head = (string) @file_get_contents($file, length: 20);
        if (\strlen($head) < 20 || !str_starts_with($head, "\x7fELF")) {
            return null;
        }
        $number = unpack($head[5] === "\x02" ? 'n' : 'v', $head, 18)[1];

        return self::MACHINES[$number] ?? "processor {$number}";
    }
}
