internal import Foundation
internal import SendImNative

/// What a call that broke inside the library must say about its message.
enum Fate {
    /// It carries no message.
    case carriesNone
    /// It carries one, which may have left.
    case mayHaveLeft
}

/// Awaits a call of the native library. A cancelled task ends it at once; UniFFI's futures do not do that by themselves.
func call<T: Sendable>(
    _ fate: Fate = .carriesNone,
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
        result = .failure(SendImError(native: error, fate, asking: tokens))
    }
    // Somebody who cancelled does not wait for a handler that is slow.
    if !Task.isCancelled {
        await steps?.flush()
    }
    return try result.get()
}

/// Asks the native library for what it answers at once.
func ask<T>(_ work: () throws -> T) throws(SendImError) -> T {
    do {
        return try work()
    } catch {
        throw SendImError(native: error, .carriesNone)
    }
}

extension SendImError {
    /// An error of the generated code. What is not a failure of a call is a defect; its text may hold anything.
    init(native error: any Error, _ fate: Fate, asking tokens: TokenRelay? = nil) {
        if case SendError.Failed(let failure)? = error as? SendError {
            self.init(failure, asking: tokens)
            return
        }
        let detail = "send-im failed inside; this is a bug of send-im, please report it."
        switch fate {
        case .carriesNone: self.init(.protocol, detail: detail)
        case .mayHaveLeft: self.init(.outcomeUnknown, detail: detail, sent: .maybe)
        }
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

    init(_ value: Value) {
        self.value = value
    }

    func with<T>(_ body: (inout Value) throws -> T) rethrows -> T {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
