internal import Foundation
internal import SendImNative

/// Awaits a call of the native library. A cancelled task ends it at once; UniFFI's futures do not do that by themselves.
///
/// - Parameter mayHaveLeft: It carries a message, which may have left if the library breaks.
func call<T: Sendable>(
    mayHaveLeft: Bool = false,
    telling steps: StepRelay? = nil,
    asking tokens: TokenRelay? = nil,
    _ work: @Sendable (Cancellation) async throws -> T
) async throws(SendImError) -> T {
    _ = EndOfProgram.isAwaited
    let cancellation = Cancellation()
    let result: Result<T, SendImError>
    do {
        result = .success(
            try await withTaskCancellationHandler {
                try await work(cancellation)
            } onCancel: {
                cancellation.cancel()
            })
    } catch {
        result = .failure(SendImError(native: error, mayHaveLeft: mayHaveLeft, asking: tokens))
    }
    // Somebody who cancelled does not wait for a handler that is slow.
    if !Task.isCancelled { await steps?.flush() }
    return try result.get()
}

/// Asks the native library for what it answers at once.
func ask<T>(_ work: () throws -> T) throws(SendImError) -> T {
    do {
        return try work()
    } catch {
        throw SendImError(native: error)
    }
}

extension SendImError {
    /// An error of the generated code. What is not a failure of a call is a defect; its text may hold anything.
    init(native error: any Error, mayHaveLeft: Bool = false, asking tokens: TokenRelay? = nil) {
        if case SendError.Failed(let failure)? = error as? SendError {
            self.init(failure, asking: tokens)
        } else {
            self = .defect(mayHaveLeft: mayHaveLeft)
        }
    }

    static func defect(mayHaveLeft: Bool) -> Self {
        Self(
            mayHaveLeft ? .outcomeUnknown : .protocol,
            detail: "send-im failed inside; this is a bug of send-im, please report it.")
    }
}

/// The end of the program: sessions in which nothing is under way are closed, in three seconds at most. Handlers that the
/// program registered before its first call run after this one and may still send.
enum EndOfProgram {
    /// Registers the handler, once.
    static let isAwaited: Void = {
        atexit { _ = SendImNative.windDown(timeoutMs: 3000) }
    }()
}

extension Duration {
    /// Whole milliseconds, rounded up. What is no time at all becomes zero, which the library refuses in its own words.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard self > .zero else { return 0 }
        // Beyond thirty years nothing waits; clocks overflow.
        let milliseconds = UInt64(min(seconds, 1_000_000_000)) * 1000
        return milliseconds + UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

/// A value that several threads use.
final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func with<T>(_ body: (inout Value) throws -> T) rethrows -> T {
        try lock.withLock { try body(&value) }
    }
}

/// A value that prints and dumps nothing but what it says here: the rest is secret, or holds something secret.
protocol Discreet: CustomReflectable {
    var shown: KeyValuePairs<String, Any> { get }
}

extension Discreet {
    public var customMirror: Mirror {
        Mirror(self, children: shown, displayStyle: type(of: self) is AnyClass ? .class : .struct)
    }
}
