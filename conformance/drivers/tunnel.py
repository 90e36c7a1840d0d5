"""A forward proxy that sends every connection to one local server.

It lets a client that has https://www.google.com built in reach a server on
this machine, without root rights and without an entry in /etc/hosts. Only
CONNECT is understood, and bytes pass unread: TLS is between client and server.
"""
import socket
import threading


def start(server):
    """Listen on a free port of the loopback address and return the port.

    server is the (host, port) that every tunnel ends at. The proxy lives as
    long as the process.
    """
    listener = socket.create_server(('127.0.0.1', 0))

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, server), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def serve(client, server):
    head = b''
    while b'\r\n\r\n' not in head:
        data = client.recv(65536)
        if not data:
            client.close()
            return
        head += data
    if not head.startswith(b'CONNECT '):
        client.sendall(b'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        client.close()
        return
    try:
        upstream = socket.create_connection(server)
    except OSError:
        client.sendall(b'HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        client.close()
        return
    client.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.sendall(head.split(b'\r\n\r\n', 1)[1])
    threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
    pump(client, upstream)


def pump(source, sink):
    """Copy bytes until one end closes, then close both directions."""
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
