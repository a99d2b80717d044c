<?php

declare(strict_types=1);

namespace SendIm;

/**
 * Who sends, and how the account signs in. `var_dump` and `print_r` show the address alone; neither `var_export` nor an
 * array cast shows the password or the token.
 *
 * What is not given comes from the environment: `SEND_IM_ADDRESS`, `SEND_IM_USERNAME`, `SEND_IM_PASSWORD`,
 * `SEND_IM_SERVER`, `SEND_IM_CA_FILE` and `SEND_IM_TLS`. Where that names no address either, the account is that of
 * `send-im/config.toml` in the configuration folder.
 */
final class Account
{
    /** @var \WeakMap<self, array<string, string|null>>|null no property: `var_export` and array casts show those */
    private static ?\WeakMap $secrets = null;

    /**
     * The values are checked when the account signs in.
     *
     * @param string|null         $address        the sender's address, `user@domain`; null: the stored account
     * @param string|null         $password       the password; null with an address and no token: `SEND_IM_PASSWORD`
     * @param string|null         $username       the name to sign in with where it is not the address, such as
     *                                            `'CONTOSO\smith'`
     * @param string|Sandbox|null $server         the URL of the discovery root, or a sandbox; null: found by the
     *                                            sender's domain
     * @param string|null         $caFile         certificate authorities to trust besides the system's, PEM or DER
     * @param Tls|null            $tls            which cipher suites are offered; null: `SEND_IM_TLS`
     * @param string|null         $token          a bearer token in place of a password, without the word `Bearer`. Once
     *                                            the server rejects it, calls fail: make a new account with a new token
     * @param list<string>        $trustedDomains further domains the server may lead to, such as `contoso.net`
     */
    public function __construct(
        public readonly ?string $address = null,
        #[\SensitiveParameter]
        ?string $password = null,
        public readonly ?string $username = null,
        public readonly string|Sandbox|null $server = null,
        public readonly ?string $caFile = null,
        public readonly ?Tls $tls = null,
        #[\SensitiveParameter]
        ?string $token = null,
        public readonly array $trustedDomains = [],
    ) {
        foreach ($trustedDomains as $domain) {
            if (!\is_string($domain)) {
                throw new \TypeError('$trustedDomains must be a list of strings, not of ' . get_debug_type($domain));
            }
        }
        self::$secrets ??= new \WeakMap();
        self::$secrets[$this] = ['password' => $password, 'token' => $token];
    }

    /**
     * What the native library is given. A sandbox as the server brings its own certificate authority.
     *
     * @internal
     * @return array<string, string|null> by the names of the native library; null: not given
     */
    public function options(): array
    {
        $sandbox = $this->server instanceof Sandbox ? $this->server : null;

        return self::$secrets[$this] + [
            'address' => $this->address,
            'username' => $this->username,
            'server' => $sandbox === null ? $this->server : $sandbox->url,
            'ca_file' => $this->caFile ?? $sandbox?->caFile,
            'tls' => $this->tls?->value,
            'trusted_domains' => $this->trustedDomains === [] ? null : implode(',', $this->trustedDomains),
        ];
    }

    /**
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return ['address' => $this->address];
    }

    public function __serialize(): array
    {
        throw new \LogicException('An account cannot be serialized: it holds a password.');
    }

    private function __clone()
    {
    }
}
