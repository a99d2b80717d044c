<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * The example program, as a person runs it: installed by Composer.
 */
final class ExampleTest extends TestCase
{
    private const EXAMPLE = self::ROOT . '/examples/php';

    public static function setUpBeforeClass(): void
    {
        $install = 'composer install --quiet --no-interaction --working-dir=' . escapeshellarg(self::EXAMPLE);
        exec("COMPOSER_ALLOW_SUPERUSER=1 {$install} 2>&1", $output, $code);
        self::assertSame(0, $code, implode("\n", $output));
    }

    /**
     * @param list<string> $arguments
     * @return array{int|string, string, string}
     */
    private function example(array $arguments, string $password = self::PASSWORD): array
    {
        $stored = [
            'SEND_IM_ADDRESS' => self::SENDER,
            'SEND_IM_PASSWORD' => $password,
            'SEND_IM_SERVER' => $this->sandbox()->url,
        ];
        $command = [PHP_BINARY, self::EXAMPLE . '/send.php', ...$arguments];

        return $this->ended(...$this->start($command, $stored, sys_get_temp_dir()));
    }

    public function testItSends(): void
    {
        $ended = $this->example(['lenea@contoso.com', 'hello world']);
        $this->assertSame([0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ''], $ended);
        $this->assertSame(['hello world'], $this->texts());
    }

    public function testItNamesTheRecipientWhereTheServerDoesNotSayWhoAccepted(): void
    {
        $standIn = tempnam(sys_get_temp_dir(), 'send-im-test-');
        $code = 'namespace SendIm; function send_im(string $to): Receipt { return new Receipt($to, null); }';
        file_put_contents($standIn, "<?php {$code}");
        $command = [PHP_BINARY, "-dauto_prepend_file={$standIn}", self::EXAMPLE . '/send.php'];
        $ended = $this->ended(...$this->start([...$command, 'lenea@contoso.com', 'hi']), file: $standIn);
        $this->assertSame([0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ''], $ended);
    }

    /**
     * @dataProvider failures
     */
    public function testItEndsWithTheSentenceAndTheExitCode(int $code, string $to, string $password): void
    {
        [$exit, $out, $errors] = $this->example([$to, 'hello world'], $password);
        $this->assertSame([$code, ''], [$exit, $out]);
        $this->assertMatchesRegularExpression('/\A\S[^\n]*\.\n\z/', $errors);
    }

    /**
     * @return list<array{int, string, string}>
     */
    public static function failures(): array
    {
        return [
            [2, 'lenea', self::PASSWORD],
            [3, 'lenea@contoso.com', 'wrong'],
            [4, 'busy@contoso.com', self::PASSWORD],
        ];
    }

    public function testItSaysHowItIsUsed(): void
    {
        [$exit, $out, $errors] = $this->example(['lenea@contoso.com']);
        $this->assertSame([2, ''], [$exit, $out]);
        $this->assertStringStartsWith('usage: ', $errors);
    }
}
