// Sends one message: send lenea@contoso.com "disk full on db7".
//
// Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
// (on Windows %APPDATA%\send-im\config.toml).
// Build: c++ -std=c++17 send.cpp -o send $(pkg-config --cflags --libs send_im)
#include <send_im.h>

#include <iostream>
#include <memory>

// Frees what the library gives when it goes out of scope.
template <auto release>
struct Freed {
    template <typename Object>
    void operator()(Object *object) const { release(object); }
};
using Receipt = std::unique_ptr<send_im_receipt, Freed<send_im_receipt_free>>;
using Error = std::unique_ptr<send_im_error, Freed<send_im_error_free>>;

int main(int count, char **arguments) {
    if (count != 3) {
        std::cerr << "usage: send RECIPIENT TEXT\n";
        return 2;
    }
    send_im_receipt *out = nullptr;
    Error error(send_im(nullptr, arguments[1], arguments[2], &out));
    Receipt receipt(out);
    if (error) {
        std::cerr << send_im_error_detail(error.get()) << '\n';
        return send_im_error_exit_code(error.get());
    }
    // Null where the server does not say who.
    const char *by = send_im_receipt_accepted_by(receipt.get());
    if (!by) by = send_im_receipt_to(receipt.get());
    std::cout << by << " accepted the message ("
              << send_im_evidence_name(send_im_receipt_evidence(receipt.get())) << ").\n";
}
