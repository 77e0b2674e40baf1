"""A libtorrent session with one torrent, driven by lines of JSON: client.js starts it.

Each line of the standard input is a command, {"op": NAME, ...}; each is answered by a line, with what
it gives or with {"error": TEXT}. The session ends with the standard input.
"""

import json
import sys

import libtorrent as lt

QUIET = {
    'alert_mask': lt.alert.category_t.storage_notification,
    'allow_multiple_connections_per_ip': True,
    'enable_dht': False,
    'enable_incoming_utp': False,
    'enable_lsd': False,
    'enable_natpmp': False,
    'enable_outgoing_utp': False,
    'enable_upnp': False,
    'listen_interfaces': '127.0.0.1:0',
    'min_reconnect_time': 1,
}

# `peer_info::utp_socket`, which the Python bindings have no name for.
UTP_SOCKET = 1 << 17


class Driver:
    def __init__(self, settings):
        self.session = lt.session({**QUIET, **settings})
        self.handle = None

    def make(self, path, version, piece_length, into):
        """Makes the torrent file of a file: for BitTorrent v1, v2 or both."""
        flags = {'v1': [lt.create_torrent.v1_only], 'v2': [lt.create_torrent.v2_only], 'hybrid': []}[version]
        torrent = lt.create_torrent(lt.list_files(path), piece_length, *flags)
        lt.set_piece_hashes(torrent, path.rpartition('/')[0])
        with open(into, 'wb') as file:
            file.write(lt.bencode(torrent.generate()))
        return {}

    def add(self, folder, torrent=None, magnet=None):
        """Adds a torrent file, or a magnet link. What is in the folder is checked."""
        params = lt.load_torrent_file(torrent) if magnet is None else lt.parse_magnet_uri(magnet)
        params.save_path = folder
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        self.handle = self.session.add_torrent(params)
        return {}

    def connect(self, host, port):
        self.handle.connect_peer((host, port))
        return {}

    def flush(self):
        """Has all that was downloaded written to the disk."""
        self.handle.flush_cache()
        while True:
            self.session.wait_for_alert(1000)
            if any(isinstance(alert, lt.cache_flushed_alert) for alert in self.session.pop_alerts()):
                return {}

    def port(self):
        return {'port': self.session.listen_port()}

    def status(self):
        status = self.handle.status()
        return {
            'state': str(status.state),
            'progress': status.progress,
            'has_metadata': status.has_metadata,
            'error': status.errc.message() if status.errc.value() else '',
            'peers': [peer_of(info) for info in self.handle.get_peer_info()],
        }


def peer_of(info):
    return {
        'host': info.ip[0],
        'port': info.ip[1],
        'client': info.client.decode() if isinstance(info.client, bytes) else info.client,
        'id': info.pid.to_bytes().hex(),
        'pieces': ''.join('1' if there else '0' for there in info.pieces),
        'is_utp': bool(info.flags & UTP_SOCKET),
        'is_rc4': bool(info.flags & lt.peer_info.rc4_encrypted),
        'is_handshaking': bool(info.flags & (lt.peer_info.handshake | lt.peer_info.connecting)),
        'speaks_extended': bool(info.flags & lt.peer_info.supports_extensions),
    }


def main(settings):
    driver = Driver(settings)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(driver, command.pop('op'))(**command)
        except Exception as error:
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main(json.loads(sys.argv[1]))
