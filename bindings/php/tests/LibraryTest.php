<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * A native library that cannot be loaded: the exception says which file, why, and what to do, in the words of all
 * languages.
 */
final class LibraryTest extends TestCase
{
    private const PROGRAM = <<<'PHP'
        try {
            new SendIm\Sandbox();
            echo 'loaded';
        } catch (SendIm\Exception\LibraryUnavailableException $e) {
            echo $e->detail;
        }
        PHP;
    private const PROCESSORS = [62 => 'x86_64', 183 => 'aarch64'];

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/send-im-test-' . bin2hex(random_bytes(6));
        mkdir($this->folder);
    }

    protected function tearDown(): void
    {
        exec('rm -rf ' . escapeshellarg($this->folder));
        parent::tearDown();
    }

    public function testTheLibraryOfTheEnvironmentTakesThePlaceOfThePackagesOwn(): void
    {
        $place = $this->place(file_get_contents($this->bundled()));
        $this->assertSame('loaded', $this->told($place));
        // An empty variable does not get through proc_open.
        $this->assertSame([0, 'loaded', ''], $this->script("putenv('SEND_IM_LIBRARY=');\n" . self::PROGRAM));
        $this->assertSame($this->sentence("{$place}.no", 'missing'), $this->told("{$place}.no"));
    }

    public function testALibraryInAPhar(): void
    {
        $phar = "{$this->folder}/app.phar";
        $this->copied(function (string $copy) use ($phar): void {
            $build = '$phar = new Phar($argv[1]); $phar->buildFromDirectory($argv[2], "~/(src|lib)/~");';
            $command = [PHP_BINARY, '-d', 'phar.readonly=0', '-r', $build, $phar, $copy];
            $this->assertSame([0, '', ''], $this->ended(...$this->start($command)));
        });
        $load = 'spl_autoload_register(static function (string $name): void {'
            . "\$file = 'phar://{$phar}/src/' . strtr(substr(\$name, 7), '\\\\', '/') . '.php';"
            . 'if (is_file($file)) { require $file; } });';
        [$exit, $told, $errors] = $this->script("<?php {$load}\n" . self::PROGRAM);
        $this->assertSame([0, ''], [$exit, $errors], $told);
        $inside = substr($this->bundled(), \strlen(realpath(self::PACKAGE)));
        $lines = explode("\n", $this->sentence("phar://{$phar}{$inside}", 'archive', archive: $phar));
        $this->assertSame([$lines[0], $lines[1]], \array_slice(explode("\n", $told), 0, 2));
    }

    public function testALibraryOfAnotherProcessor(): void
    {
        $library = file_get_contents($this->bundled());
        $own = \ord($library[18]);
        $other = $own === 62 ? 183 : 62;
        $library[18] = \chr($other);
        $place = $this->place($library);
        $values = ['found' => self::PROCESSORS[$other], 'own' => self::PROCESSORS[$own]];
        $this->assertSame($this->sentence($place, 'architecture', ...$values), $this->told($place));
    }

    public function testACLibraryThatIsTooOld(): void
    {
        $library = file_get_contents($this->bundled());
        preg_match_all('/GLIBC_2\.\d\d\0/', $library, $versions);
        $place = $this->place(str_replace(max($versions[0]), "GLIBC_2.99\0", $library));
        $this->assertSame($this->sentence($place, 'old_c_library', version: 'GLIBC_2.99'), $this->told($place));
    }

    public function testAFolderThatIsMountedNoexec(): void
    {
        $place = "{$this->folder}/library.so";
        $mount = 'mount -t tmpfs -o noexec tmpfs "$1" && cp "$2" "$3" && shift 3 && exec "$@"';
        $before = ['unshare', '--mount', 'sh', '-c', $mount, 'sh', $this->folder, $this->bundled(), $place];
        if ($this->ended(...$this->start([...$before, 'true']))[0] !== 0) {
            $this->markTestSkipped('nothing can be mounted here (it takes root)');
        }
        $autoload = var_export(realpath(self::PACKAGE . '/vendor/autoload.php'), true);
        $command = [...$before, PHP_BINARY, '-r', "require {$autoload};\n" . self::PROGRAM];
        $ended = $this->ended(...$this->start($command, ['SEND_IM_LIBRARY' => $place]));
        $this->assertSame([0, $this->sentence($place, 'noexec'), ''], $ended);
    }

    private function bundled(): string
    {
        return glob(realpath(self::PACKAGE) . '/lib/*/libsend_im.*')[0];
    }

    private function place(string $library): string
    {
        file_put_contents("{$this->folder}/library.so", $library);

        return "{$this->folder}/library.so";
    }

    private function told(string $library): string
    {
        [$exit, $told, $errors] = $this->script(self::PROGRAM, ['SEND_IM_LIBRARY' => $library]);
        $this->assertSame([0, ''], [$exit, $errors], $told);

        return $told;
    }

    private function sentence(string $place, string $cause, string ...$values): string
    {
        $sentences = json_decode(file_get_contents(self::ROOT . '/tests/scenarios/unloadable.json'), true);
        $names = array_map(static fn (string $name): string => "{{$name}}", array_keys($values));
        $why = str_replace($names, array_values($values), $sentences[$cause]);

        return "{$sentences['head']}\n  {$place}: {$why}\n{$sentences['tail']}";
    }
}
