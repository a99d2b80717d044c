<?php

declare(strict_types=1);

namespace SendIm\Exception;

use SendIm\ErrorKind;
use SendIm\Hop;
use SendIm\Sent;
use SendIm\StepName;

/**
 * A call that failed: what failed, at which step, and what to do about it.
 *
 * Its message is one sentence. It never holds a password, a token or the text of a message.
 */
class SendImException extends \RuntimeException
{
    /** The kind of an exception that is made without one. */
    protected const KIND = ErrorKind::Unknown;

    /** The sort of failure. */
    public readonly ErrorKind $kind;
    /** Whether the message can have arrived all the same. */
    public readonly Sent $sent;
    /** The exit code for a program that ends because of this, also `getCode()`. */
    public readonly int $exitCode;
    /** The kind by its name, also where this package does not know it. */
    public readonly string $kindName;

    /**
     * Also for a program's own tests: `new NotDeliveredException()` is as good as one of a send.
     *
     * @param string         $detail        the sentence, the same as `getMessage()`
     * @param ErrorKind|null $kind          the sort of failure; null: what the class is for
     * @param StepName|null  $step          the step that failed; null where none had begun
     * @param Sent|null      $sent          whether the message can have arrived all the same; null: maybe where the
     *                                      outcome is unknown, else no
     * @param int|null       $httpStatus    the HTTP status of the answer that decided
     * @param string|null    $serverCode    the server's error code as it came, for example `RemoteFailure`
     * @param string|null    $serverSubcode the server's subcode as it came, for example `DoNotDisturb`
     * @param string|null    $diagnostics   the server's diagnostics, for its administrator; not stable
     * @param float|null     $retryAfter    how long the server asked to wait, in seconds
     * @param list<Hop>      $hops          the way the call took, oldest first, where that explains the failure
     * @param int|null       $exitCode      null: that of `$kind`
     * @param string|null    $kindName      the kind's name; null: that of `$kind`
     * @param \Throwable|null $previous    what the program's own code threw
     */
    public function __construct(
        public readonly string $detail = 'The send failed.',
        ?ErrorKind $kind = null,
        public readonly ?StepName $step = null,
        ?Sent $sent = null,
        public readonly ?int $httpStatus = null,
        public readonly ?string $serverCode = null,
        public readonly ?string $serverSubcode = null,
        public readonly ?string $diagnostics = null,
        public readonly ?float $retryAfter = null,
        public readonly array $hops = [],
        ?int $exitCode = null,
        ?string $kindName = null,
        ?\Throwable $previous = null,
    ) {
        $this->kind = $kind ?? static::KIND;
        $this->sent = $sent ?? ($this->kind === ErrorKind::OutcomeUnknown ? Sent::Maybe : Sent::No);
        $this->exitCode = $exitCode ?? $this->kind->exitCode();
        $this->kindName = $kindName ?? $this->kind->value;
        parent::__construct($detail, $this->exitCode, $previous);
        $this->pointAtCaller();
    }

    /**
     * The error as the other languages write it, for a log or for JSON.
     *
     * @return array<string, mixed>
     */
    public function toArray(): array
    {
        return [
            'kind' => $this->kindName,
            'step' => $this->step?->value,
            'detail' => $this->detail,
            'sent' => $this->sent->value,
            'http_status' => $this->httpStatus,
            'code' => $this->serverCode,
            'subcode' => $this->serverSubcode,
            'diagnostics' => $this->diagnostics,
            'retry_after' => $this->retryAfter,
            'hops' => array_map(static fn (Hop $hop): array => get_object_vars($hop), $this->hops),
            'exit_code' => $this->exitCode,
        ];
    }

    /**
     * `getFile()` and `getLine()` name the program's own line, which called this package. The trace stays whole.
     */
    private function pointAtCaller(): void
    {
        $package = \dirname(__DIR__) . DIRECTORY_SEPARATOR;
        $inside = static fn (?string $file): bool => $file === null || str_starts_with($file, $package);
        foreach ($inside($this->file) ? $this->getTrace() : [] as $frame) {
            if (!$inside($frame['file'] ?? null)) {
                [$this->file, $this->line] = [$frame['file'], $frame['line']];

                return;
            }
        }
    }
}
