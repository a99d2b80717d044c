<?php

declare(strict_types=1);

namespace SendIm;

/**
 * The sort of failure. The values are the same in every language, but for {@see ErrorKind::LibraryUnavailable}.
 */
enum ErrorKind: string
{
    /** An argument, the environment or the profile is not usable. The server was not asked. */
    case InvalidInput = 'invalid_input';
    case DiscoveryFailed = 'discovery_failed';
    case UntrustedHost = 'untrusted_host';
    case Tls = 'tls';
    case SignInRefused = 'sign_in_refused';
    case SignInUnsupported = 'sign_in_unsupported';
    /** The program's own token is not usable, or its source gave none. No server refused anything. */
    case CredentialUnavailable = 'credential_unavailable';
    case Forbidden = 'forbidden';
    case LimitReached = 'limit_reached';
    case RecipientNotFound = 'recipient_not_found';
    case RecipientUnavailable = 'recipient_unavailable';
    case Declined = 'declined';
    case NoAnswer = 'no_answer';
    case Busy = 'busy';
    case Throttled = 'throttled';
    case ServiceError = 'service_error';
    case Network = 'network';
    case Timeout = 'timeout';
    case Protocol = 'protocol';
    /** It may have arrived. It was not sent a second time. */
    case OutcomeUnknown = 'outcome_unknown';
    case Cancelled = 'cancelled';
    /** The client is signed out, the sandbox is stopped, or it was made before a fork. */
    case Closed = 'closed';
    /** PHP cannot use the native library. Nothing was sent. */
    case LibraryUnavailable = 'library_unavailable';
    /** A kind that this package does not know, see {@see Exception\SendImException::$kindName}. */
    case Unknown = 'unknown';

    /**
     * The exit code for a program that ends because of this.
     */
    public function exitCode(): int
    {
        return match ($this) {
            self::InvalidInput, self::LibraryUnavailable => 2,
            self::SignInRefused, self::SignInUnsupported, self::CredentialUnavailable, self::Forbidden => 3,
            self::RecipientNotFound, self::RecipientUnavailable, self::Declined, self::NoAnswer, self::Busy => 4,
            self::OutcomeUnknown => 6,
            self::Cancelled => 130,
            default => 5,
        };
    }
}
