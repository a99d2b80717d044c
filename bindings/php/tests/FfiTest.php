<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Internal\Header;

/**
 * How the native library is found and loaded, and what is said when it cannot be.
 */
final class FfiTest extends TestCase
{
    private const SEND = <<<'PHP'
        try {
            echo SendIm\send_im('lenea@contoso.com', 'hi', account: $account)->acceptedBy;
        } catch (SendIm\Exception\LibraryUnavailableException $e) {
            echo $e->kind->value, ' ', $e->exitCode, ' ', $e->detail;
        }
        PHP;

    private function program(string $copy): string
    {
        return "<?php require '{$copy}/vendor/autoload.php';\n\$url = '{$this->sandbox()->url}';\n"
            . "\$account = new SendIm\\Account('a@contoso.com', 'x', server: \$url);\n" . self::SEND;
    }

    /**
     * What a program says that sends with a copy of the package.
     */
    private function sendWith(string $copy, string ...$options): string
    {
        [$exit, $told, $errors] = $this->script($this->program($copy), [], ...$options);
        $this->assertSame([0, ''], [$exit, $errors], $told);

        return $told;
    }

    public function testTheHeaderIsReducedToDeclarations(): void
    {
        $header = file_get_contents(self::ROOT . '/bindings/c/include/send_im.h');
        $declarations = Header::declarations($header);
        $this->assertDoesNotMatchRegularExpression('~[#\n]|/\*|//|extern~', $declarations);
        preg_match_all('/^[\w *]*?\b(send_im\w*)\(/m', $header, $functions);
        $this->assertGreaterThan(60, \count($functions[1]));
        foreach ($functions[1] as $function) {
            $this->assertStringContainsString("{$function}(", $declarations);
        }
        $this->assertFileEquals(self::ROOT . '/bindings/c/include/send_im.h', self::PACKAGE . '/lib/send_im.h');
    }

    public function testSwitchedOnInTheCommandLine(): void
    {
        foreach (['1', 'true', 'preload'] as $value) {
            $this->assertSame([0, 'lenea@contoso.com', ''], $this->script(self::SEND, [], '-d', "ffi.enable={$value}"));
        }
    }

    public function testSwitchedOffInTheCommandLine(): void
    {
        foreach (['0', 'false', ''] as $value) {
            [$exit, $told, $errors] = $this->script(self::SEND, [], '-d', "ffi.enable={$value}");
            $this->assertSame([0, ''], [$exit, $errors]);
            $this->assertStringStartsWith('library_unavailable 2 send-im needs FFI, which ffi.enable=0 forbids', $told);
            $this->assertStringContainsString('the SAPI cli: write ffi.enable=true into /', $told);
            $this->assertStringContainsString('-d ffi.enable=true', $told);
        }
    }

    public function testUnderTheWebServerOfTheCommandLine(): void
    {
        $this->assertSame('lenea@contoso.com', $this->servedByPhp('-d', 'ffi.enable=true'));
        $refused = $this->servedByPhp('-d', 'ffi.enable=preload');
        $this->assertStringContainsString('ffi.enable=preload forbids in the SAPI cli-server', $refused);
        $this->assertStringContainsString('or start PHP with -d ffi.enable=true', $refused);
    }

    /**
     * What `php -S` answers with these options.
     */
    private function servedByPhp(string ...$options): string
    {
        $file = tempnam(sys_get_temp_dir(), 'send-im-test-');
        file_put_contents($file, $this->program(realpath(self::PACKAGE)));
        [$process, $pipes] = $this->start([PHP_BINARY, ...$options, '-S', '127.0.0.1:0', $file]);
        try {
            $this->assertSame(1, preg_match('~http://[\d.:]+~', (string) fgets($pipes[2]), $url));

            return file_get_contents($url[0]);
        } finally {
            proc_terminate($process);
            $this->ended($process, $pipes, $file);
        }
    }

    public function testWithoutTheExtension(): void
    {
        [$exit, $told, $errors] = $this->script(self::SEND, [], '-n');
        $this->assertSame([0, ''], [$exit, $errors]);
        $this->assertStringContainsString('the extension FFI, which this PHP lacks', $told);
    }

    /**
     * As a user who is not root, for whom PHP preloads in the process itself.
     */
    public function testPreloadedByThePreloadFileAlone(): void
    {
        $this->copied(function (string $copy): void {
            $application = $this->program($copy) . ' echo " from ", get_class(FFI::scope("SEND_IM"));';
            file_put_contents("{$copy}/app.php", $application);
            exec('chmod -R a+rX ' . escapeshellarg($copy));
            $user = posix_geteuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
            $options = ['-d', 'opcache.enable_cli=1', '-d', "opcache.preload={$copy}/preload.php"];
            $command = [...$user, PHP_BINARY, ...$options];
            $send = [...$command, '-d', 'ffi.enable=preload', "{$copy}/app.php"];
            $this->assertSame([0, 'lenea@contoso.com from FFI', ''], $this->ended(...$this->start($send)));
            $send = [...$command, '-d', 'ffi.enable=0', "{$copy}/app.php"];
            [$exit, $told, $errors] = $this->ended(...$this->start($send));
            $this->assertNotSame(0, $exit);
            $this->assertStringContainsString('ffi.enable=0 forbids', $told . $errors);
        });
    }

    public function testPreloadingAsAnotherUserNeedsTheHeader(): void
    {
        $preload = realpath(self::PACKAGE . '/preload.php');
        $user = posix_getpwuid(posix_geteuid())['name'];
        $options = ['-d', 'opcache.enable_cli=1', '-d', "opcache.preload={$preload}"];
        array_push($options, '-d', "opcache.preload_user={$user}");
        [$exit, $told, $errors] = $this->script('', [], ...$options);
        $this->assertNotSame(0, $exit);
        $this->assertStringContainsString('ffi.preload=FILE', $told . $errors);
    }

    public function testALibraryThatIsMissingIsToldWithEveryPlace(): void
    {
        $this->copied(function (string $copy): void {
            foreach (glob("{$copy}/lib/*/libsend_im.*") as $library) {
                unlink($library);
                $told = $this->sendWith($copy);
                $this->assertStringContainsString(realpath(\dirname($library)) . '/', $told);
            }
            $places = '~tried:\n  /\S+/libsend_im.so: there is no such file; .*\n  libsend_im.so.1: ~';
            $this->assertMatchesRegularExpression($places, $told);
            unlink("{$copy}/lib/send_im.h");
            $this->assertStringContainsString('is not complete: there is no ', $this->sendWith($copy));
        });
    }

    public function testALibraryThatDoesNotFitIsToldWithTheReason(): void
    {
        $this->copied(function (string $copy): void {
            [$library] = glob("{$copy}/lib/*/libsend_im.so");
            file_put_contents("{$copy}/other.c", 'unsigned send_im_abi_version(void) { return 99; }');
            exec("cc -shared -fPIC -o {$library} {$copy}/other.c", result_code: $code);
            $this->assertSame(0, $code);
            $this->assertStringContainsString("{$library}: Failed resolving C function", $this->sendWith($copy));
            file_put_contents("{$copy}/lib/send_im.h", 'uint32_t send_im_abi_version(void);');
            $this->assertStringContainsString('its interface is 99, this package needs 1', $this->sendWith($copy));
            file_put_contents($library, 'no library');
            $this->assertStringContainsString("{$library}: Failed loading", $this->sendWith($copy));
        });
    }

    public function testTheCommandWritesTheHeaderForFfiPreload(): void
    {
        [$exit, $header, $errors] = $this->ended(...$this->start([self::PACKAGE . '/bin/send-im-header']));
        $this->assertSame([0, ''], [$exit, $errors]);
        $this->assertStringStartsWith("#define FFI_SCOPE \"SEND_IM\"\n#define FFI_LIB \"/", $header);
        $command = [PHP_BINARY, '-d', 'ffi.enable=0', self::PACKAGE . '/bin/send-im-header'];
        $refused = $this->ended(...$this->start($command));
        $this->assertSame([2, ''], [$refused[0], $refused[1]]);
        $this->assertStringContainsString('ffi.enable=true', $refused[2]);
    }
}
