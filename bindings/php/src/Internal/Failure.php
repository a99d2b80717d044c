<?php

declare(strict_types=1);

namespace SendIm\Internal;

use SendIm\ErrorKind;
use SendIm\Exception;
use SendIm\Exception\SendImException;
use SendIm\Hop;
use SendIm\Sent;
use SendIm\StepName;

/**
 * Makes exceptions.
 *
 * @internal
 */
final class Failure
{
    /**
     * The exception for an error of the native library.
     *
     * @param array<string, mixed> $error
     */
    public static function from(array $error): SendImException
    {
        $kind = ErrorKind::tryFrom($error['kind']) ?? ErrorKind::Unknown;
        $class = self::classOf($kind);

        return new $class(
            detail: $error['detail'],
            kind: $kind,
            step: isset($error['step']) ? StepName::tryFrom($error['step']) ?? StepName::Unknown : null,
            // What is not a clear no is a maybe.
            sent: Sent::tryFrom($error['sent']) ?? Sent::Maybe,
            httpStatus: $error['http_status'] ?? null,
            serverCode: $error['code'] ?? null,
            serverSubcode: $error['subcode'] ?? null,
            diagnostics: $error['diagnostics'] ?? null,
            retryAfter: isset($error['retry_after']) ? (float) $error['retry_after'] : null,
            hops: array_map(static fn (array $hop): Hop => new Hop($hop['url'], $hop['outcome']), $error['hops'] ?? []),
            exitCode: $error['exit_code'],
            kindName: $error['kind'],
        );
    }

    /**
     * @return class-string<SendImException>
     */
    public static function classOf(ErrorKind $kind): string
    {
        return match ($kind) {
            ErrorKind::InvalidInput => Exception\InvalidInputException::class,
            ErrorKind::LibraryUnavailable => Exception\LibraryUnavailableException::class,
            ErrorKind::SignInRefused,
            ErrorKind::SignInUnsupported,
            ErrorKind::CredentialUnavailable,
            ErrorKind::Forbidden => Exception\SignInException::class,
            ErrorKind::RecipientNotFound,
            ErrorKind::RecipientUnavailable,
            ErrorKind::Declined,
            ErrorKind::NoAnswer,
            ErrorKind::Busy => Exception\NotDeliveredException::class,
            ErrorKind::DiscoveryFailed,
            ErrorKind::UntrustedHost,
            ErrorKind::Tls,
            ErrorKind::Network => Exception\ConnectionException::class,
            ErrorKind::Timeout => Exception\TimeoutException::class,
            ErrorKind::Closed => Exception\ClosedException::class,
            ErrorKind::LimitReached,
            ErrorKind::Throttled,
            ErrorKind::ServiceError,
            ErrorKind::Protocol => Exception\ServiceException::class,
            ErrorKind::OutcomeUnknown => Exception\OutcomeUnknownException::class,
            ErrorKind::Cancelled => Exception\CancelledException::class,
            ErrorKind::Unknown => SendImException::class,
        };
    }
}
