"""TLS by OpenSSL before a sandbox: front.py certificate key ciphers version port. It listens at 127.0.0.2, at the port the sandbox has
at 127.0.0.1, and prints a line when it does, then the cipher of each connection."""
import select
import socket
import ssl
import sys
import threading

certificate, key, ciphers, version, port = sys.argv[1:]
front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
front.set_ciphers(ciphers)
front.load_cert_chain(certificate, key)
front.minimum_version = min(front.minimum_version, ssl.TLSVersion[version])
front.maximum_version = ssl.TLSVersion[version]
back = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
back.check_hostname = False
back.verify_mode = ssl.CERT_NONE


def pass_on(source, target):
    """Passes on what has come; false at the end."""
    source.setblocking(False)
    try:
        while data := source.recv(65536):
            target.setblocking(True)
            target.sendall(data)
        return False
    except ssl.SSLWantReadError:
        return True


def serve(connection):
    try:
        with front.wrap_socket(connection, server_side=True) as client:
            print(client.cipher()[0], flush=True)
            with back.wrap_socket(socket.create_connection(("127.0.0.1", int(port)))) as server:
                while all([pass_on(client, server), pass_on(server, client)]):
                    select.select([client, server], [], [])
    except OSError:
        connection.close()


with socket.create_server(("127.0.0.2", int(port))) as listener:
    print("listening", flush=True)
    while True:
        threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
