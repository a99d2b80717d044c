internal import Foundation
internal import SendImNative

/// A server in this process that behaves like a Skype for Business pool, for demonstrations and tests.
///
/// ```swift
/// try await withSandbox { sandbox in
///     try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.account("tosh@contoso.com"))
///     print(try sandbox.inbox("lenea@contoso.com")[0].text)
/// }
/// ```
///
/// Any account signs in with any password, except `wrong`. A recipient behaves by the local part of the address:
/// `declines@`, `silent@`, `busy@`, `offline@`, `unknown@`, `slow@`, `forwards@`, `drops@`, `echo@`; anyone else accepts
/// at once. A sandbox nobody holds any more stops.
public final class Sandbox: Sendable {
    /// How many servers there are and where the discovery root leads.
    public enum Layout: String, Sendable, CaseIterable {
        /// One server does everything.
        case onePool = "one-pool"
        /// Discovery and the account's home are two servers.
        case twoPools = "two-pools"
        /// The discovery root redirects to the home pool.
        case redirect
    }

    /// The discovery root, what ``Account/server`` takes.
    public let url: String
    /// With https, a PEM file with the certificate authority; it is removed with the sandbox.
    public let caFile: String?

    private let server: SandboxServer

    private init(_ server: SandboxServer) throws {
        self.server = server
        url = try server.url()
        caFile = try server.caFile()
    }

    deinit { stop() }

    /// Starts a sandbox.
    ///
    /// - Parameters:
    ///   - layout: How many servers there are.
    ///   - https: True for https with a certificate authority made for this sandbox; see ``caFile``.
    ///   - ring: How long an invitation to `silent@` rings.
    ///   - slow: How long `slow@` takes to accept.
    ///   - listen: Address and port to listen on, such as `127.0.0.1:8080`. Nil: a free port of 127.0.0.1.
    ///   - users: Passwords by address. Once there is one, only these users sign in.
    ///   - tokenLifetime: How long a token is valid. Nil: as a real server, 8 hours.
    ///   - pollTimeout: How long an empty request for events is held. Nil: as a real server.
    ///   - redirectTo: The discovery root answers with a redirect to this URL and nothing else.
    ///   - hostName: A DNS name for the certificate and for every link.
    /// - Throws: ``SendImError``.
    public static func start(
        layout: Layout = .onePool,
        https: Bool = false,
        ring: Duration = .seconds(30),
        slow: Duration = .seconds(3),
        listen: String? = nil,
        users: [String: String] = [:],
        tokenLifetime: Duration? = nil,
        pollTimeout: Duration? = nil,
        redirectTo: String? = nil,
        hostName: String? = nil
    ) async throws(SendImError) -> Sandbox {
        let options = SandboxOptions(
            layout: layout.rawValue, https: https, listen: listen, ringMs: ring.wholeMilliseconds,
            slowMs: slow.wholeMilliseconds, tokenLifetimeMs: tokenLifetime?.wholeMilliseconds,
            pollTimeoutMs: pollTimeout?.wholeMilliseconds,
            users: users.map { SandboxUser(address: $0.key, password: $0.value) }, redirectTo: redirectTo,
            hostName: hostName)
        let server = try await call { _ in try await SandboxServer.start(options: options) }
        return try ask { try Sandbox(server) }
    }

    /// Stops the server and removes ``caFile``. What it had delivered is gone. A second call does nothing.
    public func stop() {
        server.stop()
    }

    /// An account of this sandbox: its server and its certificate authority are filled in.
    ///
    /// - Parameters:
    ///   - address: The sender's address.
    ///   - password: Any word but `wrong`, which is refused.
    public func account(_ address: String, password: String = "any") -> Account {
        Account(address, password: password, server: url, caFile: caFile)
    }

    /// What was delivered to this address, oldest first. Fails with the kind ``SendImError/Kind/closed`` after ``stop()``.
    public func inbox(_ address: String) throws(SendImError) -> [Delivered] {
        try ask { try server.inbox(address: address).map(Delivered.init) }
    }

    /// Everything delivered, oldest first. Fails with the kind ``SendImError/Kind/closed`` after ``stop()``.
    public func messages() throws(SendImError) -> [Delivered] {
        try ask { try server.messages().map(Delivered.init) }
    }

    /// Waits until that many messages were delivered in all, and gives them. A cancelled task ends the wait.
    ///
    /// - Throws: ``SendImError`` of kind ``SendImError/Kind/timeout`` if it takes longer.
    @discardableResult
    public func waitFor(_ count: Int, timeout: Duration = .seconds(10)) async throws(SendImError) -> [Delivered] {
        try await call { [server] cancellation in
            try await server.waitFor(
                count: UInt32(clamping: count), timeoutMs: timeout.wholeMilliseconds, cancellation: cancellation
            ).map(Delivered.init)
        }
    }

    /// Asks the sandbox's own HTTP interface, for what has no method here; the README of `send-im-sandbox` lists it.
    ///
    /// - Parameters:
    ///   - method: `GET`, `POST`, `PUT` or `DELETE`.
    ///   - path: What follows `/sandbox/api/`: `journal` (every request received), `state`, `tokens/ADDRESS`,
    ///     `actions/revoke-tokens` and so on.
    ///   - json: The body, if there is one.
    /// - Returns: The JSON of the response; empty where there is none.
    /// - Throws: ``SendImError`` of kind ``SendImError/Kind/invalidInput`` where the sandbox refuses the request.
    @discardableResult
    public func request(_ method: String, _ path: String, json: String? = nil) async throws(SendImError) -> String {
        try await call { [server] _ in try await server.request(method: method, path: path, json: json) }
    }

    /// Makes something go wrong.
    ///
    /// - Parameters:
    ///   - fault: What happens.
    ///   - route: The requests it happens to.
    ///   - skip: How many requests pass unharmed before the first is hit.
    ///   - times: How many requests are hit; 0: every one until ``clearFaults()``.
    public func addFault(_ fault: Fault, on route: Route, skip: Int = 0, times: Int = 1) throws(SendImError) {
        let told: [String: Any] = [
            "route": route.rawValue, "action": fault.action, "skip": UInt32(clamping: skip),
            "times": UInt32(clamping: times),
        ]
        try ask {
            let json = try JSONSerialization.data(withJSONObject: told)
            try server.addFault(json: String(decoding: json, as: UTF8.self))
        }
    }

    /// Takes every fault away.
    public func clearFaults() throws(SendImError) {
        try ask { try server.clearFaults() }
    }
}

/// Starts a sandbox with the usual settings, runs `body` and stops it, also when `body` throws.
///
/// - Parameters:
///   - isolation: The actor the body runs on.
///   - body: What to do with the sandbox.
/// - Returns: What `body` returns.
/// - Throws: ``SendImError`` if it cannot start, and what `body` throws.
@discardableResult
public func withSandbox<T: Sendable>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Sandbox) async throws -> T
) async throws -> T {
    let sandbox = try await Sandbox.start()
    defer { sandbox.stop() }
    return try await body(sandbox)
}
