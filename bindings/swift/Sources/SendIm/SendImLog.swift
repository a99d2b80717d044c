/// Where this package logs to: nowhere, until the program says where.
///
/// An entry has the shape of [swift-log](https://github.com/apple/swift-log)'s, so one closure connects the two without
/// a dependency:
///
/// ```swift
/// let logger = Logger(label: "send-im")
/// SendImLog.bootstrap { entry in
///     let metadata = entry.metadata.mapValues { Logger.MetadataValue.string($0) }
///     logger.log(level: Logger.Level(rawValue: entry.level.rawValue)!, "\(entry.message)", metadata: metadata)
/// }
/// ```
///
/// Each finished step is logged at ``Level/debug`` with the metadata `step`, `host`, `status` and `elapsed_ms`. No
/// password, token, subject or message text is logged at any level.
public enum SendImLog {
    /// How important an entry is; the names are those of swift-log.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case trace, debug, info, notice, warning, error, critical

        public static func < (left: Level, right: Level) -> Bool {
            allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
        }
    }

    /// One entry.
    public struct Entry: Sendable, Hashable {
        /// How important it is.
        public let level: Level
        /// What happened, in one line.
        public let message: String
        /// The same in parts.
        public let metadata: [String: String]
    }

    /// Takes an entry. It is called on any thread and should return quickly.
    public typealias Handler = @Sendable (Entry) -> Void

    /// Sends entries of this level and above to a handler from now on. A client that is signed in already goes on
    /// logging steps, or not, as it did when it signed in.
    ///
    /// - Parameters:
    ///   - level: The least level to log.
    ///   - handler: Takes each entry. Nil: nothing is logged.
    public static func bootstrap(level: Level = .debug, _ handler: Handler?) {
        sink.with { $0 = handler.map { (level, $0) } }
    }

    private static let sink = Locked<(level: Level, handler: Handler)?>(nil)

    static func isEnabled(_ level: Level) -> Bool { sink.with { $0.map { $0.level <= level } ?? false } }

    static func log(_ level: Level, _ message: @autoclosure () -> String, _ metadata: [String: String] = [:]) {
        guard let sink = sink.with({ $0 }), sink.level <= level else { return }
        sink.handler(Entry(level: level, message: message(), metadata: metadata))
    }

    static func log(_ step: Step) {
        let milliseconds = (step.elapsed / .microseconds(1)).rounded() / 1000
        let status = step.status.map(String.init) ?? "none"
        log(
            .debug, "\(step.name): \(step.host) answered \(status) after \(milliseconds) ms",
            ["step": step.name.rawValue, "host": step.host, "status": status, "elapsed_ms": "\(milliseconds)"])
    }
}
