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
    /** The kind by its name, also where this package does not know it. */
    public readonly string $kindName;

    /**
     * @param string         $detail        the sentence, the same as `getMessage()`
     * @param ErrorKind      $kind          the sort of failure
     * @param StepName|null  $step          the step that failed; null where none had begun
     * @param Sent           $sent          whether the message can have arrived all the same
     * @param int|null       $httpStatus    the HTTP status of the answer that decided
     * @param string|null    $serverCode    the server's error code as it came, for example `RemoteFailure`
     * @param string|null    $serverSubcode the server's subcode as it came, for example `DoNotDisturb`
     * @param string|null    $diagnostics   the server's diagnostics, for its administrator; not stable
     * @param float|null     $retryAfter    how long the server asked to wait, in seconds
     * @param list<Hop>      $hops          the way the call took, oldest first, where that explains the failure
     * @param int            $exitCode      the exit code for a program that ends because of this, also `getCode()`
     * @param string|null    $kindName      the kind's name; null: that of `$kind`
     */
    public function __construct(
        public readonly string $detail = 'The send failed.',
        public readonly ErrorKind $kind = ErrorKind::Protocol,
        public readonly ?StepName $step = null,
        public readonly Sent $sent = Sent::No,
        public readonly ?int $httpStatus = null,
        public readonly ?string $serverCode = null,
        public readonly ?string $serverSubcode = null,
        public readonly ?string $diagnostics = null,
        public readonly ?float $retryAfter = null,
        public readonly array $hops = [],
        public readonly int $exitCode = 5,
        ?string $kindName = null,
        ?\Throwable $previous = null,
    ) {
        parent::__construct($detail, $exitCode, $previous);
        $this->kindName = $kindName ?? $kind->value;
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
}
