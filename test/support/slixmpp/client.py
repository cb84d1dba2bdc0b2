"""What the two ends share: a slixmpp client that logs in without TLS, and one JSON line per thing that happens."""

import asyncio
import json
import sys

import slixmpp


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        for plugin in ("xep_0030", "xep_0047", "xep_0065", "xep_0095", "xep_0096"):
            self.register_plugin(plugin)
        self.finished = asyncio.get_event_loop().create_future()
        self.add_event_handler("failed_auth", lambda _: self.fail("not-authorized"))

    def fail(self, message):
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(message))

    def finish(self):
        if not self.finished.done():
            self.finished.set_result(None)

    def run(self, host, port):
        self.connect((host, int(port)), disable_starttls=True, force_starttls=False)
        self.loop.run_until_complete(asyncio.wait_for(self.finished, 60))
        self.disconnect()


def tell(event, **details):
    print(json.dumps({"event": event, **details}), flush=True)


def described(stream):
    """What to tell of a SOCKS5 bytestream: its digest, and the address of the streamhost that was dialled."""
    host, port = stream.transport.get_extra_info("peername")[:2]
    return {"method": "s5b", "digest": stream.dest[0], "host": host, "port": port}


def arguments(count):
    if len(sys.argv) != count + 1:
        sys.exit(f"{sys.argv[0]}: {count} arguments are needed")
    return sys.argv[1:]
