<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * A web server's PHP: a master process, children that serve one request after the other, and `ffi.enable=preload`,
 * which is what PHP comes with.
 */
final class FpmTest extends TestCase
{
    private const APPLICATION = <<<'PHP'
        try {
            $client = SendIm\Client::signIn();
            echo $client->send('lenea@contoso.com', 'from FPM')->acceptedBy, ' ', PHP_SAPI, ' ', getmypid();
            if (isset($_GET['die'])) {
                trigger_error('on purpose', E_USER_ERROR);
            }
        } catch (SendIm\Exception\LibraryUnavailableException $e) {
            echo $e->detail;
        }
        PHP;

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/send-im-fpm-' . bin2hex(random_bytes(6));
        mkdir($this->folder);
        $autoload = var_export(realpath(self::PACKAGE . '/vendor/autoload.php'), true);
        file_put_contents("{$this->folder}/app.php", "<?php\nrequire {$autoload};\n" . self::APPLICATION);
    }

    protected function tearDown(): void
    {
        exec('rm -r ' . escapeshellarg($this->folder));
    }

    private function preload(): string
    {
        return 'opcache.preload=' . realpath(self::PACKAGE . '/preload.php');
    }

    private function header(): string
    {
        exec(self::PACKAGE . "/bin/send-im-header > {$this->folder}/send_im.h", result_code: $code);
        $this->assertSame(0, $code);

        return "ffi.preload={$this->folder}/send_im.h";
    }

    /**
     * Runs php-fpm with two children and these settings, and gives what it answered and how it ended.
     *
     * @param list<string> $settings
     * @param list<string> $queries one a request
     * @return array{list<string>, int|string, string} answers, how the master ended, its log
     */
    private function served(array $settings, array $queries): array
    {
        $account = ['ADDRESS' => self::SENDER, 'PASSWORD' => self::PASSWORD, 'SERVER' => $this->sandbox()->url];
        $pool = ['[global]', "error_log = {$this->folder}/log", 'daemonize = no', '[www]'];
        $pool[] = "listen = {$this->folder}/socket";
        array_push($pool, 'pm = static', 'pm.max_children = 2');
        $root = posix_geteuid() === 0;
        $user = posix_getpwuid(posix_geteuid())['name'];
        if ($root) {
            array_push($pool, "user = {$user}", 'group = ' . posix_getgrgid(posix_getegid())['name']);
        }
        foreach ($account as $name => $value) {
            $pool[] = "env[SEND_IM_{$name}] = {$value}";
        }
        file_put_contents("{$this->folder}/fpm.conf", implode("\n", $pool) . "\n");
        // The settings of this machine's php.ini are left out, the extensions are those of Debian.
        $command = [self::fpm(), '-n', '-y', "{$this->folder}/fpm.conf"];
        foreach (['extension=ffi', 'zend_extension=opcache', ...$settings] as $setting) {
            array_push($command, '-d', $setting);
        }
        if ($root) {
            array_push($command, '-R');
        }
        [$process, $pipes] = $this->start($command);
        // The socket is there before anybody listens on it.
        $listens = fn (): bool => str_contains((string) @file_get_contents("{$this->folder}/log"), 'ready to handle');
        $ready = fn (): bool => $listens() || !proc_get_status($process)['running'];
        $this->assertTrue($this->eventually($ready));
        $answers = [];
        if ($listens()) {
            $answers = array_map($this->asked(...), $queries);
            proc_terminate($process, 15);
        }
        [$exit, $out, $errors] = $this->ended($process, $pipes);

        return [$answers, $exit, $out . $errors . @file_get_contents("{$this->folder}/log")];
    }

    private function asked(string $query): string
    {
        $request = [
            'SCRIPT_FILENAME' => "{$this->folder}/app.php",
            'REQUEST_METHOD' => 'GET',
            'QUERY_STRING' => $query,
        ];
        $client = ['cgi-fcgi', '-bind', '-connect', "{$this->folder}/socket"];
        [$exit, $answer, $errors] = $this->ended(...$this->start($client, $request));
        $this->assertSame(0, $exit, $errors);

        return preg_split("~\r?\n\r?\n~", $answer, 2)[1] ?? $answer;
    }

    private static function fpm(): string
    {
        $name = 'php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;

        return is_executable("/usr/sbin/{$name}") ? "/usr/sbin/{$name}" : 'php-fpm';
    }

    /**
     * Six requests are answered by two children that live on, and no session is left.
     *
     * @param list<string> $settings
     */
    private function serves(array $settings): void
    {
        [$answers, $exit, $log] = $this->served($settings, ['', '', '', '', '', '']);
        $this->assertSame(0, $exit, $log);
        foreach ($answers as $answer) {
            $this->assertMatchesRegularExpression('/\Alenea@contoso.com fpm-fcgi \d+\z/', $answer);
        }
        $this->assertLessThanOrEqual(2, \count(array_unique($answers)));
        $this->assertStringNotContainsString('exited on signal', $log);
        $this->assertCount(6, $this->sandbox()->messages());
        $this->assertSame(0, $this->openApplications());
    }

    public function testSwitchedOn(): void
    {
        $this->serves(['ffi.enable=true']);
    }

    public function testPreloaded(): void
    {
        $user = 'opcache.preload_user=' . posix_getpwuid(posix_geteuid())['name'];
        $this->serves(['ffi.enable=preload', $this->preload(), $this->header(), $user]);
    }

    public function testAFatalErrorOfARequestLeavesNoSession(): void
    {
        [$answers, $exit, $log] = $this->served(['ffi.enable=true'], ['die', 'die', '', '']);
        $this->assertSame(0, $exit, $log);
        $this->assertStringContainsString('Fatal error', $answers[0]);
        $this->assertCount(4, $this->sandbox()->messages());
        $this->assertSame(0, $this->openApplications());
    }

    /**
     * @testWith ["preload", false]
     *           ["preload", true]
     *           ["0", false]
     */
    public function testNeitherSwitchedOnNorPreloaded(string $value, bool $headerAlone): void
    {
        $settings = $headerAlone ? [$this->header()] : [];
        [$answers, , $log] = $this->served(["ffi.enable={$value}", ...$settings], ['']);
        $this->assertStringContainsString("ffi.enable={$value} forbids in the SAPI fpm-fcgi", $answers[0], $log);
        $this->assertStringContainsString('write ffi.enable=true into php.ini', $answers[0]);
        $this->assertStringContainsString('opcache.preload=' . realpath(self::PACKAGE) . '/preload.php', $answers[0]);
        $this->assertStringContainsString('ffi.preload=FILE', $answers[0]);
        $this->assertSame([], $this->journal());
    }
}
