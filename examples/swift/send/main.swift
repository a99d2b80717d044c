// Sends one message: swift run send lenea@contoso.com "disk full on db7"
//
// Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml.

import Foundation
import SendIm

func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

guard CommandLine.arguments.count == 3 else {
    complain("usage: swift run send RECIPIENT TEXT")
    exit(2)
}
do {
    let receipt = try await sendIm(to: CommandLine.arguments[1], text: CommandLine.arguments[2])
    print("\(receipt.acceptedBy ?? receipt.to) accepted the message (\(receipt.evidence)).")
} catch {
    complain(error.detail)
    exit(error.exitCode)
}
