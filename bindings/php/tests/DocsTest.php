<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\ErrorKind;
use SendIm\Internal\Failure;

/**
 * What the documentation shows is run, and what is public is documented.
 */
final class DocsTest extends TestCase
{
    /**
     * @return list<array{string}>
     */
    public static function snippets(): array
    {
        preg_match_all('/^```php\n(.*?)^```/ms', file_get_contents(self::PACKAGE . '/README.md'), $found);

        return array_map(static fn (string $snippet): array => [$snippet], $found[1]);
    }

    /**
     * @return array{int|string, string, string}
     */
    private function ran(string $snippet): array
    {
        $this->assertStringStartsWith('<?php', $snippet);
        $stored = [
            'SEND_IM_ADDRESS' => self::SENDER,
            'SEND_IM_PASSWORD' => self::PASSWORD,
            'SEND_IM_SERVER' => $this->sandbox()->url,
        ];

        return $this->script($snippet, $stored, '-d', 'error_reporting=-1');
    }

    public function testTheReadmeOpensWithFiveLinesThatWork(): void
    {
        $snippet = self::snippets()[0][0];
        $this->assertSame(5, substr_count($snippet, "\n"));
        $this->assertSame([0, "lenea@contoso.com hello world\n", ''], $this->ran($snippet));
    }

    /**
     * @dataProvider snippets
     */
    public function testASnippetOfTheReadmeWorks(string $snippet): void
    {
        [$exit, , $errors] = $this->ran($snippet);
        $this->assertSame([0, ''], [$exit, $errors]);
    }

    public function testTheVersionIsThatOfTheWorkspace(): void
    {
        preg_match('/^version = "(.+)"/m', file_get_contents(self::PACKAGE . '/../../Cargo.toml'), $workspace);
        $manifest = json_decode(file_get_contents(self::PACKAGE . '/composer.json'), true);
        $this->assertSame($workspace[1], $manifest['version']);
    }

    public function testTheReadmeTellsTheClassAndTheExitCodeOfEachKind(): void
    {
        $rows = '/^\| (?:– )?`(\w+)` \| ([a-z_, ]+) \| (\d+) \|$/m';
        preg_match_all($rows, file_get_contents(self::PACKAGE . '/README.md'), $found, PREG_SET_ORDER);
        $told = [];
        foreach ($found as [, $class, $kinds, $code]) {
            foreach (explode(', ', $kinds) as $kind) {
                $told[$kind] = ["SendIm\\Exception\\{$class}", (int) $code];
            }
        }
        foreach (ErrorKind::cases() as $kind) {
            if ($kind !== ErrorKind::Unknown) {
                $known = [Failure::classOf($kind), $kind->exitCode()];
                $this->assertSame($known, $told[$kind->value] ?? null, $kind->value);
            }
        }
        $this->assertCount(\count(ErrorKind::cases()) - 1, $told);
    }

    public function testWhatIsPublicIsDocumented(): void
    {
        foreach (glob(self::PACKAGE . '/src/{*,Exception/*}.php', GLOB_BRACE) as $file) {
            $name = str_replace([realpath(self::PACKAGE . '/src') . '/', '/', '.php'], ['', '\\', ''], realpath($file));
            if ($name === 'functions') {
                continue;
            }
            $class = new \ReflectionClass("SendIm\\{$name}");
            $this->assertNotFalse($class->getDocComment(), $name);
            foreach ($class->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
                $own = $method->getDeclaringClass()->getName() === $class->getName();
                if ($own && $method->isUserDefined() && !str_starts_with($method->name, '__')) {
                    $this->assertNotFalse($method->getDocComment(), "{$name}::{$method->name}");
                }
            }
        }
        $this->assertNotFalse((new \ReflectionFunction('SendIm\send_im'))->getDocComment());
    }

    public function testTheParametersOfAPromotedConstructorAreDocumented(): void
    {
        foreach (['Account', 'Message', 'Receipt', 'Step', 'Hop', 'Delivered', 'Exception\SendImException'] as $name) {
            $constructor = (new \ReflectionClass("SendIm\\{$name}"))->getConstructor();
            foreach ($constructor->getParameters() as $parameter) {
                if ($parameter->isPromoted()) {
                    $comment = preg_replace('/ +/', ' ', $constructor->getDocComment());
                    $this->assertStringContainsString(" \${$parameter->name} ", $comment, $name);
                }
            }
        }
    }
}
