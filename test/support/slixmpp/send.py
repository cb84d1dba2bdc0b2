"""Sends one file: send.py JID PASSWORD HOST PORT TO FILE METHOD

METHOD is ibb, s5b, or s5b-all to offer every address of the proxy. Left alone slixmpp offers only the last one, and
takes it for the component's own.
"""

import os

from client import Client, arguments, described, tell

BYTESTREAMS = "http://jabber.org/protocol/bytestreams"
METHODS = {"s5b": BYTESTREAMS, "s5b-all": BYTESTREAMS, "ibb": "http://jabber.org/protocol/ibb"}


class Sender(Client):
    def __init__(self, jid, password, to, path, method):
        super().__init__(jid, password)
        self.to = to
        self.path = path
        self.method = method
        self.add_event_handler("session_start", self.start)

    async def start(self, _):
        try:
            self.send_presence()
            with open(self.path, "rb") as file:
                content = file.read()
            sid = f"slixmpp-{os.getpid()}"
            await self["xep_0096"].request_file_transfer(
                self.to,
                sid=sid,
                name=os.path.basename(self.path),
                size=str(len(content)),
                methods=[{"value": METHODS[self.method]}],
            )
            await (self.in_band if self.method == "ibb" else self.by_socks5)(sid, content)
            tell("done", bytes=len(content))
            self.finish()
        except Exception as error:
            self.fail(repr(error))

    async def by_socks5(self, sid, content):
        closed = self.loop.create_future()
        self.add_event_handler("socks5_closed", lambda _: closed.done() or closed.set_result(None))
        if self.method == "s5b-all":
            await self.know_every_streamhost()
        stream = await self["xep_0065"].handshake(self.to, sid=sid)
        tell("connected", **described(stream))
        await stream.write(content)
        stream.transport.write_eof()
        await closed

    async def know_every_streamhost(self):
        bytestreams = self["xep_0065"]
        discovered = await bytestreams.discover_proxies()
        bytestreams._proxies = {}
        for proxy in discovered:
            answer = await bytestreams.get_network_address(proxy)
            for host in answer["socks"]["streamhosts"]:
                bytestreams._proxies[host["jid"]] = (host["host"], host["port"])

    async def in_band(self, sid, content):
        stream = await self["xep_0047"].open_stream(self.to, sid=sid, block_size=4096)
        await stream.sendall(content)
        await stream.close()


jid, password, host, port, to, path, method = arguments(7)
Sender(jid, password, to, path, method).run(host, port)
